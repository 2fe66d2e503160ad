"""How the figures were made, in plain words, built from the constants that the code itself uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import CONFIDENCE, Assessment
from threatlib.assessment.phia import YARDSTICK
from threatlib.briefing.abbreviations import ABBREVIATIONS
from threatlib.briefing.components import glossary, notes, number_html, shorthand
from threatlib.briefing.pages.words import counted
from threatlib.signals import CHECKS
from threatlib.signals.contrast import HISTORY_FOR_DISPERSION


def _setting(value: float, unit: str = "count") -> Markup:
    return number_html(wording.number(value, unit), value, "run:setting")


def _alarm(assessment: Assessment) -> float:
    """The largest rate of false alarms, in a hundred, that any flag of this briefing was allowed."""
    signals = assessment.signals
    rates: list[float] = list(signals.loc[signals["check"] == "scan", "alpha"].dropna()) if len(signals) else []
    return round(100 * max(rates, default=0.01), 1)


def _counted_together(assessment: Assessment) -> Markup:
    """How many flags hold when all comparisons are allowed for together."""
    found = assessment.counting
    return Markup("Of {} that can raise a finding {} flagged, and {} when all are allowed for together ({}).").format(
        counted(found.raising, "comparison", "counting.raising"),
        counted(found.flags, "was", "counting.flags", plural="were"),
        counted(found.survive, "holds", "counting.survive", plural="hold"),
        Markup("at most {} of those by chance").format(_setting(100 * found.false_discovery_rate, "percent")),
    )


def method(assessment: Assessment) -> Markup:
    """What was asked of every series, how sure an arrow is, and how many arrows chance alone would draw."""
    rule = assessment.protection.rule
    told = [
        Markup("Every series was asked: {}").format(" ".join(check.question for check in CHECKS)),
        Markup(
            "A series with enough history is judged by what its own past leads one to expect: it is flagged where "
            "chance alone would give so unusual a figure in about {} of a hundred steady series. Staff numbers and "
            "waiting lists that wander are flagged more often; the number of flags by chance, below, allows for that."
        ).format(_setting(_alarm(assessment))),
        Markup(
            "Any other arrow is drawn only where the whole {} interval lies on one side of no change. Level means the "
            "whole interval is narrow and holds no change; otherwise the page says that it cannot be said, and why."
        ).format(_setting(100 * CONFIDENCE, "percent")),
        Markup(
            "Where a series has {} pairs of figures a year apart, the interval allows for its own usual variation; "
            "where it has fewer, for chance counting only, and confidence is no more than moderate."
        ).format(_setting(HISTORY_FOR_DISPERSION)),
        Markup("{} made; chance alone would draw about {} arrows among them.").format(
            counted(assessment.tests_made, "comparison was", "tests_made", plural="comparisons were"),
            number_html(
                wording.number(round(assessment.expected_false_flags, 1)),
                assessment.expected_false_flags,
                "run:expected_false_flags",
            ),
        ),
        _counted_together(assessment),
        Markup("Severity is a scale of our own: the least change that the interval allows, weighted by theme."),
        Markup(
            "Probability words follow the yardstick: {}. A value in a gap takes the word nearer an even chance."
        ).format(
            Markup("; ").join(
                Markup("{} {} to {}").format(word, _setting(100 * low, "percent"), _setting(100 * high, "percent"))
                for low, high, word in YARDSTICK
            )
        ),
    ]
    if assessment.protection.withholds:
        told.append(
            Markup("Counts of people from {} to {} are withheld, and so is whatever would give them away ({}).").format(
                _setting(rule.withhold_from), _setting(rule.withhold_to), rule.name
            )
        )
    return notes(told, kind="method")


def explained(pages: Iterable[str], own: Mapping[str, str]) -> Markup:
    """Abbreviations that occur in the texts given, the partnership's own among them, and all shorthand."""
    text = " ".join(pages)
    used = [
        (short, words)
        for short, words in sorted({**ABBREVIATIONS, **own}.items())
        if re.search(rf"\b{short}s?\b", text)
    ]
    return glossary(used) + shorthand()
