"""The style guide: every chart and component of a briefing on the data that break layouts.

``python -m threatlib.briefing.gallery FOLDER`` writes ``gallery.html``. All its figures are made up, and a warning
anywhere in the drawing is an error.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from threatlib import figures
from threatlib.briefing import components as c
from threatlib.briefing import gallery_components
from threatlib.briefing.export import PageInfo, export, page_of
from threatlib.figures import Caption, Figure
from threatlib.periods import Period, parse, shift

MARKING = "INVENTED FIGURES"
_LONG = "Vellmarsh and Quillgate Multi-Agency Safeguarding Hub for Unaccompanied Children and Care-Experienced Adults"
_UNBROKEN = "Kinderschutzdienststellenverwaltungsgesellschaft"
_LEFTWARDS = ("مجلس إلمستيد لحماية الأطفال", "שירותי רווחה לילדים", "Elmstead (إلمستيد)")
_SEVERITIES = ("slight", "moderate", "substantial", "severe", "critical")
_LIKELIHOODS = ("unlikely", "realistic possibility", "likely", "highly likely")


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of trouble: the values to draw (None is withheld, from 1 to 5) and what the rows are called."""

    name: str
    points: tuple[float | None, ...]
    names: tuple[str, ...] = ()

    def label(self, i: int) -> str:
        return self.names[i % len(self.names)] + f" {i // len(self.names) + 1}" if self.names else f"Area {i + 1}"

    @property
    def known(self) -> pd.Series:
        return pd.Series([math.nan if v is None else float(v) for v in self.points], dtype=float)

    def bound(self, if_withheld: float) -> pd.Series:
        return self.known.where(self.known.notna(), if_withheld)


CASES = (
    Case("no data", ()),
    Case("one point", (7,)),
    Case("all withheld", (None,) * 6),
    Case("some withheld", (12, None, 9, 14, None, 11)),
    Case("120 points", tuple(round(400 + 90 * math.sin(i / 6) + 35 * math.cos(i * 2.4)) for i in range(120))),
    Case("very long names", (31, 44, 28), (_LONG, _UNBROKEN, "St $x_1$ & <b>Sons</b>")),
    Case("huge values", (1_204_500_000, 987_000_000, 1_530_250_000, 2_000_000_001)),
    Case("tiny values", (0.0004, 0.0011, 0.0007, 0.0009)),
    Case("zeros", (0, 0, 0, 0)),
    Case("a negative change", (40, 22, -6, -31)),
    Case("names written from right to left", (18, 25, 21), _LEFTWARDS),
)


def gallery() -> str:
    """The page, as the export makes it."""
    parts = [Markup("<p>Each chart and component on data that break layouts. Every figure is invented.</p>\n")]
    for name in CHARTS:
        parts.append(c.heading(2, name))
        for case in CASES:
            parts += [c.heading(3, f"{name}: {case.name}"), c.figure_html(CHARTS[name](case))]
    parts += [Markup("").join(gallery_components.pieces())]
    page = PageInfo("gallery.html", "Style guide", "threatlib", "no quarter", "whoever changes a page", "never",
                    series="Charts and components", simulated=True, marking=MARKING, status="Not a briefing",
                    )  # fmt: skip
    return export(page_of(Markup("").join(parts)), page=page)


def write(folder: Path) -> Path:
    """Write the page, with every warning an error."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = gallery()
    path = folder / "gallery.html"
    path.write_text(text, encoding="utf-8")
    return path


def _caption(chart: str, case: Case) -> Caption:
    name = f"{chart}-{case.name}".casefold().replace(" ", "-").replace(":", "")
    return Caption(name, f"{chart} with {case.name}", f"{chart}, invented figures, {case.name}", "Nobody", MARKING)


def _quarters(n: int) -> list[Period]:
    return [shift(parse("2022-23-Q2"), i - n + 1) for i in range(n)]


def _timed(case: Case, values: pd.Series | None = None) -> pd.DataFrame:
    quarters = _quarters(len(case.points))
    value = case.known if values is None else values
    return pd.DataFrame(
        {
            "period": [str(q) for q in quarters],
            "period_end": pd.to_datetime([q.end for q in quarters]),
            "value": value,
            "lower": value.where(value.notna(), 1.0),
            "upper": value.where(value.notna(), 5.0),
            "status": ["reported" if v is not None else "withheld" for v in case.points],
            "rows": "invented:1",
        }
    )


def _time_series(case: Case) -> Figure:
    frame = _timed(case)
    n = len(frame)
    middle = case.known.mean()
    wide = abs(middle) * 0.3 if math.isfinite(middle) else math.nan
    frame["expected_lower"], frame["expected_upper"] = middle - wide, middle + wide
    frame["centre"], frame["limit_lower"], frame["limit_upper"] = middle, middle - 2 * wide, middle + 2 * wide
    frame["flag"] = ["above expected" if n > 2 and i == n // 2 else "" for i in range(n)]
    if n > 2:
        frame.loc[n - 1, "status"] = "provisional" if case.points[-1] is not None else "withheld"
    long = case.names[0] if case.names else "Records lost"
    spans = [(frame["period_end"].iloc[n // 4], frame["period_end"].iloc[n // 3 + 1], long)] if n > 5 else []
    cuts = [(frame["period_end"].iloc[1] - pd.Timedelta(days=40), long)] if n > 2 else []
    return figures.time_series(frame, _caption("Time series", case), gaps=spans, breaks=cuts)


def _several(case: Case) -> Figure:
    parts = [
        _timed(case, case.known * share).assign(series=case.label(i)) for i, share in enumerate((1, 0.8, 0.78, 0.2))
    ]
    return figures.time_series(pd.concat(parts), _caption("Four series", case))


def _pressure(case: Case) -> Figure:
    upper, lower = case.label(0), f"{case.label(1)}, in post"
    frame = pd.concat([_timed(case).assign(series=upper), _timed(case, case.known / 7).assign(series=lower)])
    return figures.pressure(frame, _caption("Workforce against demand", case), units={upper: "count", lower: "fte"})


def _fan(case: Case) -> Figure:
    frame = _timed(case)
    ahead = _timed(Case("", (None, None))).assign(value=math.nan, lower=math.nan, upper=math.nan, status="reported")
    if len(frame) > 1 and frame["value"].notna().any():
        last = float(frame["value"].dropna().iloc[-1])
        ahead["period"] = ["2022-23-Q3", "2022-23-Q4"]
        ahead["period_end"] = pd.to_datetime(["2022-12-31", "2023-03-31"])
        for name, shares in {"forecast": (1.05, 1.1), "forecast_lower": (0.9, 0.8), "forecast_upper": (1.2, 1.4),
                             "outer_lower": (0.8, 0.6), "outer_upper": (1.3, 1.6)}.items():  # fmt: skip
            ahead[name] = [last + abs(last) * (share - 1) for share in shares]
        frame = pd.concat([frame, ahead], ignore_index=True)
    return figures.fan(frame, _caption("Forecast", case), level="8 in 10 such forecasts")


def _named(case: Case, column: str) -> pd.DataFrame:
    rows = len(case.points)
    return pd.DataFrame({column: [case.label(i) for i in range(rows)], "value": case.known, "rows": "invented:1"})


def _comparison(case: Case) -> Figure:
    frame = _named(case, "area")
    spread = abs(case.known.fillna(0)) / 5
    frame["lower"], frame["upper"] = case.bound(1) - spread, case.bound(5) + spread
    frame["role"] = ["local" if i == 0 else "average" if i == 2 else "neighbour" for i in range(len(frame))]
    return figures.comparison(frame, _caption("Comparison", case), unit="per_10k")


def _funnel(case: Case) -> Figure:
    frame = _named(case, "area").assign(lower=case.bound(1), upper=case.bound(5))
    frame["size"] = [1_000.0 * (1 + (i * 37) % 60) for i in range(len(frame))]
    frame["role"] = ["local" if i == 0 else "neighbour" for i in range(len(frame))]
    frame["verdict"] = ["higher" if i in (1, 5) else "similar" for i in range(len(frame))]
    target = abs(case.known.mean()) if case.known.notna().any() else 3.0
    sizes = [500.0 * i for i in range(1, 123)]
    limits = pd.DataFrame({"size": sizes, "target": target})
    for name, width in (("inner", 2.0), ("outer", 3.1)):
        half = [target * width / math.sqrt(size / 150) for size in sizes]
        limits[f"{name}_lower"] = [max(target - h, 0.0) for h in half]
        limits[f"{name}_upper"] = [target + h for h in half]
    return figures.funnel(frame, limits, _caption("Funnel", case), unit="per_10k")


def _absence(case: Case) -> Figure:
    frame = _named(case, "label").assign(lower=case.bound(1), upper=case.bound(5))
    likely = abs(case.bound(8)) * 1.6
    frame["expected"], frame["expected_lower"], frame["expected_upper"] = likely, likely * 0.7, likely * 1.4
    frame["verdict"] = "low because unseen"
    return figures.absence(frame, _caption("Recorded against expected", case))


def _pairs(case: Case) -> Figure:
    frame = _named(case, "label").assign(previous=case.known.shift(1))
    return figures.paired_change(frame, _caption("Paired change", case), unit="percent")


def _changes(case: Case) -> Figure:
    frame = _named(case, "label").rename(columns={"value": "change"})
    frame["lower"], frame["upper"] = frame["change"] - 30, frame["change"] + 45
    words = ("up", "down", "level", "cannot be said")
    frame["direction"] = [words[i % 4] for i in range(len(frame))]
    frame["judgement"] = [("worse", "better", "")[i % 3] for i in range(len(frame))]
    return figures.changes(frame, _caption("Changes", case))


def _bands(case: Case) -> Figure:
    names = ("0 to 18 weeks", "19 to 35 weeks", "36 to 52 weeks", "over 52 weeks")
    rows = [
        {"row": case.label(i), "band": band, "value": math.nan if value is None else abs(value) * share, "lower": 1.0,
         "upper": 5.0, "status": "withheld" if value is None else "reported", "rows": "invented:1"}
        for i, value in enumerate(case.points[:24])
        for band, share in zip(names, (1.0, 0.6, 0.3, 0.1), strict=True)
    ]  # fmt: skip
    columns = ["row", "band", "value", "lower", "upper", "status", "rows"]
    return figures.bands(pd.DataFrame(rows, columns=columns), _caption("Waiting-time bands", case), unit="count")


def _matrix(case: Case) -> Figure:
    rows = [
        {"name": case.label(i), "severity": _SEVERITIES[i % 5], "likelihood": _LIKELIHOODS[i % 4],
         "confidence": ("high", "moderate", "low")[i % 3]}
        for i in range(min(len(case.points), 9))
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["name", "severity", "likelihood", "confidence"])
    return figures.threat_matrix(
        frame, _caption("Threat matrix", case), severities=_SEVERITIES, likelihoods=_LIKELIHOODS
    )


CHARTS: dict[str, Callable[[Case], Figure]] = {
    "Time series": _time_series,
    "Four series": _several,
    "Workforce against demand": _pressure,
    "Forecast": _fan,
    "Comparison": _comparison,
    "Funnel": _funnel,
    "Recorded against expected": _absence,
    "Paired change": _pairs,
    "Changes": _changes,
    "Waiting-time bands": _bands,
    "Threat matrix": _matrix,
}
"""Every chart there is, each as a function of a case."""


def charts_of(cases: Iterable[Case]) -> list[tuple[str, str, Figure]]:
    """Every chart on some cases: its name, the case's and the drawing."""
    return [(name, case.name, draw(case)) for name, draw in CHARTS.items() for case in cases]


if __name__ == "__main__":
    print(f"Written: {write(Path(sys.argv[1]))}")  # noqa: T201
