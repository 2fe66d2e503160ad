"""How each indicator behaves in the simulated world: size, season, shock, trend and spread, one line a series.

Means are per month for monthly series, per quarter for quarterly ones, and levels for snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.demo.places import BOTH, LARGE, SMALL

SEASONS: dict[str, tuple[float, ...]] = {
    # April to March
    "none": (1.0,) * 12,
    "referrals": (0.95, 1.06, 1.06, 1.06, 0.82, 0.98, 1.06, 1.10, 0.90, 1.00, 0.98, 1.03),
    "school": (0.85, 1.15, 1.20, 1.05, 0.15, 1.05, 1.20, 1.30, 0.95, 1.10, 0.95, 1.05),
    "summer": (1.00, 1.05, 1.08, 1.10, 1.06, 1.00, 0.98, 0.95, 0.98, 0.93, 0.92, 0.95),
    "clinics": (0.92, 1.05, 1.08, 1.00, 0.72, 0.90, 1.08, 1.15, 0.90, 1.05, 1.05, 1.10),
}
SHOCKS: dict[str, tuple[float, ...]] = {
    # factor from April 2020 to March 2021
    "none": (1.0,) * 12,
    "lockdown": (0.70, 0.72, 0.85, 0.95, 1.00, 1.02, 1.03, 0.98, 0.96, 0.86, 0.88, 1.00),
    "schools": (0.20, 0.25, 0.45, 0.60, 0.90, 0.95, 1.05, 1.00, 0.95, 0.45, 0.50, 0.95),
    "clinics": (0.50, 0.55, 0.75, 0.90, 1.00, 1.10, 1.15, 1.15, 1.10, 1.00, 1.05, 1.15),
}
DECLARED: dict[tuple[str, str], tuple[str, float]] = {
    # a change in recording: the month it begins and the factor on what is recorded from then on
    ("csc_contacts", LARGE): ("2019-04", 0.74),
    ("police_child_protection_notifications", LARGE): ("2018-10", 1.22),
}


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Events counted over a month or a quarter: negative binomial around season, shock and trend."""

    indicator: str
    group: str
    kind: str = "month"
    means: dict[str, float]
    phi: float = 2.0
    growth: float = 0.0
    season: str = "none"
    shock: str = "none"
    split: dict[str, dict[str, float]] = field(default_factory=dict)
    compared: bool = False


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Children or cases on the last day of the quarter: some leave, some arrive, about as many each time."""

    indicator: str
    group: str
    means: dict[str, float]
    growth: float = 0.0
    stay: float = 0.8
    compared: bool = False
    kind: str = "snapshot"


@dataclass(frozen=True, kw_only=True)
class Level:
    """Staff (full-time equivalents) or a mean: a wandering level, one decimal."""

    indicator: str
    group: str
    means: dict[str, float]
    spread: float = 0.02
    memory: float = 0.7
    growth: float = 0.0
    kind: str = "snapshot"


@dataclass(frozen=True, kw_only=True)
class Share:
    """A percentage with what it is made from: of another indicator's total, or of a base of its own."""

    indicator: str
    group: str
    rates: dict[str, float] = field(default_factory=dict)
    of: str = ""
    base: dict[str, float] = field(default_factory=dict)
    spread: float = 0.03
    drawn: bool = True
    kind: str = "quarter"


_BLACK_OVER = {"White": 0.36, "Black": 0.32, "Asian": 0.12, "Mixed": 0.14, "Other": 0.06}


def _both(large: float, small: float) -> dict[str, float]:
    return {LARGE: large, SMALL: small}


FLOWS: tuple[Flow, ...] = (
    Flow(indicator="csc_contacts", group="csc", means=_both(1040, 33), phi=9, growth=0.02, season="referrals",
         shock="lockdown"),
    Flow(indicator="csc_referrals", group="csc", means=_both(305, 6.5), phi=1.5, growth=0.01, season="referrals",
         shock="lockdown", split={"ethnicity": _BLACK_OVER}, compared=True),
    Flow(indicator="csc_assessments", group="csc", means=_both(282, 3.6), phi=4, growth=0.005, season="referrals",
         shock="lockdown", compared=True),
    Flow(indicator="csc_s47", group="csc", means=_both(69, 0.9), phi=2.5, season="referrals", shock="lockdown",
         split={"ethnicity": _BLACK_OVER}, compared=True),
    Flow(indicator="csc_icpc", group="csc", kind="quarter", means=_both(71, 0.9), phi=2, season="referrals"),
    Flow(indicator="lado_contacts", group="csc", kind="quarter", means=_both(62, 3), phi=2, season="referrals"),
    Flow(indicator="marac_cases", group="csc", means=_both(56, 0.8), phi=2),
    Flow(indicator="csa_assessments_naming_csa", group="csc", means=_both(9.5, 0.15), phi=1.6, compared=True),
    Flow(indicator="camhs_referrals_csc_clinical", group="csc", kind="quarter", means=_both(92, 0), phi=3,
         season="clinics", shock="clinics"),
    Flow(indicator="police_da_offences", group="police", means=_both(302, 8), phi=4, season="summer"),
    Flow(indicator="police_child_protection_notifications", group="police", means=_both(610, 9), phi=6, growth=0.015,
         season="summer", shock="lockdown"),
    Flow(indicator="police_sexual_offences_under_18", group="police", means=_both(23, 0.5), phi=1.6, season="summer",
         compared=True),
    Flow(indicator="health_visitor_safeguarding_referrals", group="trust", means=_both(248, 3.2), phi=4, growth=0.015,
         season="clinics", shock="lockdown"),
    Flow(indicator="camhs_referrals_first_steps", group="trust", means=_both(103, 1.6), phi=3, season="clinics",
         shock="clinics"),
    Flow(indicator="camhs_referrals_disability", group="trust", means=_both(27, 0.4), phi=1.8, season="clinics",
         shock="clinics"),
    Flow(indicator="camhs_referrals_specialist", group="camhs", means={BOTH: 208}, phi=5, growth=0.02,
         season="clinics", shock="clinics"),
    Flow(indicator="camhs_crisis_presentations", group="camhs", means={BOTH: 15}, phi=1.6, season="clinics",
         shock="clinics"),
    Flow(indicator="camhs_tier4_admissions", group="camhs", kind="quarter", means={BOTH: 2.6}, phi=1.2),
    Flow(indicator="sarc_attendances_under_18", group="hospital", kind="quarter", means=_both(24, 0.6), phi=1.5),
    Flow(indicator="self_harm_ed_attendances", group="hospital", means=_both(26, 0.4), phi=1.7, growth=0.01,
         season="clinics", shock="clinics",
         split={"sex": {"Girls": 0.72, "Boys": 0.28},
                "age": {"5 to 9": 0.04, "10 to 14": 0.4, "15 to 17": 0.56}}),
    Flow(indicator="school_safeguarding_referrals", group="education", means=_both(94, 2), phi=3, season="school",
         shock="schools"),
)  # fmt: skip

STOCKS: tuple[Stock, ...] = (
    Stock(indicator="csc_cp_plans_neglect", group="csc", means=_both(94, 1.2), compared=True),
    Stock(indicator="csc_cp_plans_emotional", group="csc", means=_both(83, 0.9), compared=True),
    Stock(indicator="csc_cp_plans_physical", group="csc", means=_both(23, 0.3), compared=True),
    Stock(indicator="csa_cp_plans_sexual_abuse", group="csc", means=_both(32, 0.1), compared=True),
    Stock(indicator="csc_looked_after", group="csc", means=_both(406, 11), stay=0.4),
    Stock(indicator="ehe_children", group="education", means=_both(262, 4), growth=0.025),
    Stock(indicator="camhs_waiting_0_18w", group="camhs", means={BOTH: 436}),
    Stock(indicator="camhs_waiting_19_35w", group="camhs", means={BOTH: 164}),
    Stock(indicator="camhs_waiting_36_52w", group="camhs", means={BOTH: 80}),
    Stock(indicator="camhs_waiting_over_52w", group="camhs", means={BOTH: 40}),
)

LEVELS: tuple[Level, ...] = (
    Level(indicator="social_workers_permanent_fte", group="csc", means=_both(188, 10.6), spread=0.015),
    Level(indicator="social_worker_vacancies", group="csc", means=_both(44, 1.4), spread=0.06),
    Level(indicator="social_worker_caseload", group="csc", means=_both(16.6, 10.4), spread=0.035),
    Level(indicator="police_safeguarding_vacancies", group="police", means=_both(12.5, 0.8), spread=0.1),
    Level(indicator="gp_fte", group="gp", means={BOTH: 166}, spread=0.012, memory=0.3),
    Level(indicator="probation_caseload", group="probation", means={BOTH: 37}, spread=0.03),
)

AGENCY_SHARE = {LARGE: 0.182, SMALL: 0.12}
"""Usual agency share of the social work staff, before anything is planted."""
AGENCY_SPREAD = 0.03

SHARES: tuple[Share, ...] = (
    Share(indicator="csc_rereferral_rate", group="csc", rates=_both(0.165, 0.13), of="csc_referrals"),
    Share(indicator="csc_assessments_45d", group="csc", rates=_both(0.82, 0.86), of="csc_assessments", spread=0.015),
    Share(indicator="social_worker_turnover_rate", group="csc", rates=_both(0.043, 0.04),
          of="social_workers_permanent_fte"),
    Share(indicator="social_worker_sickness_rate", group="csc", rates=_both(0.031, 0.024), base=_both(11900, 668),
          spread=0.08),
    Share(indicator="health_visitor_vacancy_rate", group="trust", rates={BOTH: 0.13}, base={BOTH: 71.5}, drawn=False,
          kind="snapshot", spread=0.08),
    Share(indicator="camhs_clinician_vacancy_rate", group="camhs", rates={BOTH: 0.11}, base={BOTH: 58.4}, drawn=False,
          kind="snapshot", spread=0.09),
    Share(indicator="camhs_first_contact_within_4w", group="camhs", rates={BOTH: 0.66}, base={BOTH: 430},
          spread=0.012),
)  # fmt: skip

TOTALS: dict[str, tuple[str, ...]] = {
    "csc_cp_plans": (
        "csc_cp_plans_neglect", "csc_cp_plans_emotional", "csc_cp_plans_physical", "csa_cp_plans_sexual_abuse",
    ),
    "camhs_waiting_total": (
        "camhs_waiting_0_18w", "camhs_waiting_19_35w", "camhs_waiting_36_52w", "camhs_waiting_over_52w",
    ),
}  # fmt: skip
"""Indicators that are sums of others, as the catalogue's `parts` say."""
TAILS: dict[str, tuple[float, ...]] = {
    "csc_contacts": (0.97,),
    "csc_referrals": (0.97,),
    "csc_s47": (0.97,),
    "police_da_offences": (0.90, 0.95, 0.98),
    "police_child_protection_notifications": (0.93, 0.97, 0.99),
    "police_sexual_offences_under_18": (0.88, 0.94, 0.98),
}
"""Share of a month's events on record when it is first returned, newest month first; the next return restates them."""
COMBINED = ("ehe_children", "school_safeguarding_referrals")
"""Indicators whose sender adds a row for the two areas together."""
