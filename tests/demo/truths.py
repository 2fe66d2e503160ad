"""What is planted in a partnership's figures, drawn from the seed and written down for whoever marks the finding.

`size` is always a ratio: the expected level at the end of the series over the level it would have had.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

import numpy as np
import yaml

from tests.demo.chance import stream
from tests.demo.places import BOTH, LARGE, SMALL
from tests.demo.timeline import quarters
from threatlib.periods import Period, parse

CONTROL: tuple[tuple[str, str], ...] = (
    ("csc_icpc", LARGE),
    ("csc_looked_after", LARGE),
    ("lado_contacts", LARGE),
    ("marac_cases", LARGE),
    ("police_da_offences", LARGE),
    ("police_da_offences", SMALL),
    ("police_sexual_offences_under_18", LARGE),
    ("sarc_attendances_under_18", LARGE),
    ("camhs_first_contact_within_4w", BOTH),
    ("gp_fte", BOTH),
)
"""Series in which nothing happens: no trend, no shock, no change in recording; season and chance only."""


@dataclass(frozen=True)
class Truth:
    """One thing that is so in the simulated world.

    `also` names indicators that move with it by construction: what it is a part or a share of.
    """

    id: str
    indicator: str
    area: str
    kind: Literal["step", "drift", "silence", "none"]
    direction: Literal["up", "down", "none"]
    start: str
    size: float
    note: str
    also: tuple[str, ...] = ()

    def multiplier(self, periods: list[Period]) -> np.ndarray:
        """Factor on the expected level in each period; a drift grows evenly from its start to the last period."""
        if self.kind == "none":
            return np.ones(len(periods))
        begins = parse(self.start).start
        after = np.array([period.end >= begins for period in periods])
        if self.kind != "drift":
            return np.where(after, self.size, 1.0)
        return 1 + (self.size - 1) * np.cumsum(after) / max(after.sum(), 1)


@dataclass(frozen=True)
class Truths:
    """Everything planted in one generated partnership, and the control group."""

    seed: int
    first: str
    last: str
    truths: tuple[Truth, ...]

    @property
    def planted(self) -> tuple[Truth, ...]:
        return tuple(truth for truth in self.truths if truth.kind != "none")

    @property
    def control(self) -> tuple[Truth, ...]:
        return tuple(truth for truth in self.truths if truth.kind == "none")

    def multiplier(self, indicator: str, area: str, periods: list[Period]) -> np.ndarray:
        factor = np.ones(len(periods))
        for truth in self.truths:
            if (truth.indicator, truth.area) == (indicator, area):
                factor = factor * truth.multiplier(periods)
        return factor

    def as_yaml(self) -> str:
        text = yaml.safe_dump(asdict(self) | {"truths": [_plain(t) for t in self.truths]}, sort_keys=False, width=110)
        return (
            "# What was planted in these simulated figures. Written by the generator (tests/demo); read by the tests\n"
            "# that ask whether the assessment finds it. No run reads this file.\n" + text
        )


def _plain(truth: Truth) -> dict[str, object]:
    return asdict(truth) | {"also": list(truth.also)}


def draw(seed: int, count: int) -> Truths:
    """Choose the starts and sizes of what is planted; the kinds and places are the same for every seed.

    The sizes are such that chance can hardly hide a change or give it another form: whoever learns to read a briefing
    on these figures should be able to see what is there.
    """
    rng = stream(seed, "truths")
    told = quarters(count)

    def begins(*back: int) -> Period:
        return told[-int(rng.choice(back))]

    def size(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 2)

    step, silence, drift = begins(4, 5), begins(4, 5), begins(8, 9)
    planted = (
        Truth(
            "demand-step", "csc_referrals", LARGE, "step", "up", _month(step.start), size(1.75, 1.95),
            "Referrals step up from one month to the next and stay up; contacts and police notifications do not.",
        ),
        Truth(
            "agency-drift", "social_workers_agency_share", LARGE, "drift", "up", drift.end.isoformat(),
            size(1.45, 1.6), "Agency staff are added a few at a time while permanent staff stay level.",
            ("social_workers_agency", "social_workers_all_fte"),
        ),
        Truth(
            "csa-assessments-silent", "csa_assessments_naming_csa", LARGE, "silence", "down", _month(silence.start),
            size(0.05, 0.1), "Assessments stop naming sexual abuse while police offences and SARC attendances stay.",
        ),
        Truth(
            "csa-plans-silent", "csa_cp_plans_sexual_abuse", LARGE, "silence", "down", silence.end.isoformat(),
            size(0.05, 0.1), "Plans under sexual abuse all but vanish; the counterparts stay.", ("csc_cp_plans",),
        ),
        Truth(
            "waits-over-a-year", "camhs_waiting_over_52w", BOTH, "drift", "up", drift.end.isoformat(),
            size(3.8, 4.6), "The longest waits lengthen quarter by quarter.", ("camhs_waiting_total",),
        ),
        Truth(
            "waits-most-of-a-year", "camhs_waiting_36_52w", BOTH, "drift", "up", drift.end.isoformat(),
            size(2.6, 3.2), "The second longest band fills as well.", ("camhs_waiting_total",),
        ),
    )  # fmt: skip
    control = tuple(
        Truth(f"control-{number:02d}", indicator, area, "none", "none", "", 1.0, "Control group: nothing happens here.")
        for number, (indicator, area) in enumerate(CONTROL, start=1)
    )
    return Truths(seed, told[0].label, told[-1].label, planted + control)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
