"""What a notebook displays: the pieces of one page of one assessment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from threatlib import wording
from threatlib._version import __version__
from threatlib.assessment import Assessment
from threatlib.briefing import runner
from threatlib.briefing.components import Download
from threatlib.briefing.export import PageInfo, index_page
from threatlib.briefing.interactive import Styled
from threatlib.briefing.pages import method, overview, quality, rechecked, remembered, screen, theme
from threatlib.briefing.workbook import PUBLISHED
from threatlib.catalogue import THEMES

__all__ = ["PAGES", "Html", "Page", "index"]

PAGES: dict[str, str] = {
    "briefing": "Executive overview",
    "workforce": "Workforce",
    "demand": "Demand",
    "csa": "Child sexual abuse",
    "mental_health": "Mental health",
    "data_quality": "Data quality",
}
"""Notebooks of a briefing in order, with the titles of their pages."""

INDEX = "index.html"
INTERACTIVE = "interactive"
"""The run id of a notebook that an analyst has opened: there is no run."""
SUMMARY = "summary.txt"


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of a page, published as it is."""

    html: Markup

    def _repr_html_(self) -> str:
        return str(self.html)


@dataclass(frozen=True, slots=True)
class _Finished:
    """The sentinel: proof that a notebook's last cell ran in this run."""

    run_id: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {runner.SENTINEL: {"run_id": self.run_id}, "text/plain": "The page is complete."}


@dataclass
class Page:
    """One page of an assessment: each method gives a piece to display.

    Parameters
    ----------
    name : str
        One of `PAGES`.
    assessment : Assessment
    run_id : str
    """

    name: str
    assessment: Assessment
    run_id: str = INTERACTIVE
    _shown: list[str] = field(default_factory=list)

    def _piece(self, html: Markup) -> Html | Styled:
        self._shown.append(str(html))
        return self._as_shown(html)

    def _as_shown(self, html: Markup) -> Html | Styled:
        """In a run the bare piece, which the page will style; in front of an analyst styled already."""
        return Styled(html) if self.run_id == INTERACTIVE else Html(html)

    def first_screen(self) -> Html | Styled:
        """The threats, key messages, what changed and what cannot be seen, in short."""
        return self._piece(screen.first_screen(self.assessment))

    def matrix(self) -> Html | Styled:
        """Findings by severity and likelihood."""
        return self._piece(overview.matrix(self.assessment))

    def threats(self) -> Html | Styled:
        """Cards of the three threats."""
        return self._piece(overview.threats(self.assessment))

    def messages(self) -> Html | Styled:
        """Key messages, five at most."""
        return self._piece(overview.messages(self.assessment))

    def changed(self) -> Html | Styled:
        """What changed since the quarter before."""
        return self._piece(overview.changed(self.assessment))

    def unseen(self) -> Html | Styled:
        """What the partnership cannot see."""
        return self._piece(overview.unseen(self.assessment) + overview.provisional(self.assessment))

    def requirements(self) -> Html | Styled:
        """Intelligence requirements still open."""
        return self._piece(overview.requirements(self.assessment) + remembered.proposed(self.assessment))

    def marked(self) -> Html | Styled:
        """How what was said before came out."""
        return self._piece(remembered.marked(self.assessment))

    def judgements(self) -> Html | Styled:
        """The draft's judgements against its own figures."""
        return self._piece(remembered.judgements(self.assessment))

    def context(self) -> Html | Styled:
        """Sub-topics of the threat tree that have no theme page of their own."""
        return self._piece(theme.subtopics(self.assessment, "context"))

    def findings(self) -> Html | Styled:
        """The theme's findings, worst first."""
        return self._piece(theme.lead(self.assessment, self.name))

    def subtopics(self) -> Html | Styled:
        """Every sub-topic of the theme, with tables, charts, explanations and requirements."""
        return self._piece(theme.subtopics(self.assessment, self.name))

    def conflicts(self) -> Html | Styled:
        """Declared conflicts with their arithmetic done again."""
        return self._piece(quality.conflicts(self.assessment))

    def claims(self) -> Html | Styled:
        """Claims that reports make in words, worked out again."""
        return self._piece(rechecked.claims(self.assessment))

    def revisions(self) -> Html | Styled:
        """Figures that were different before."""
        return self._piece(rechecked.revisions(self.assessment))

    def declared(self) -> Html | Styled:
        """Declared gaps, breaks, shocks and definitions."""
        return self._piece(quality.declared(self.assessment))

    def coverage(self) -> Html | Styled:
        """What each agency sent, and in what state."""
        return self._piece(quality.coverage(self.assessment))

    def left_out(self) -> Html | Styled:
        """What is not assessed, and why."""
        return self._piece(quality.left_out(self.assessment))

    def method(self) -> Html | Styled:
        """How the figures were made."""
        return self._piece(method.method(self.assessment))

    def glossary(self) -> Html | Styled:
        """Abbreviations and shorthand of what this page has shown so far."""
        return self._as_shown(method.explained([*self._shown, PAGES[self.name]], self.assessment.abbreviations))

    def finish(self) -> _Finished:
        """Say that the notebook reached its end; the runner publishes nothing without it."""
        return _Finished(self.run_id)

    def info(self) -> PageInfo:
        """What stands around the page."""
        return _info(self.assessment, f"{self.name}.html", PAGES[self.name])


def index(assessment: Assessment) -> str:
    """The way in: one paragraph, the pages, and the files to take away."""
    files = [
        Download("tables.xlsx", "Every table in one workbook", "Excel"),
        Download(SUMMARY, "The key messages as plain text, for an e-mail", "text"),
        *(Download(f"tables/{name}.csv", title, "CSV") for name, (title, _) in PUBLISHED.items()),
    ]
    said = {f"{name}.html": words for name, words in _SUMMARIES.items()}
    return index_page(
        page=_info(assessment, INDEX, "Contents"), content=overview.summary(assessment), summaries=said, files=files
    )


_SUMMARIES = {
    "briefing": "For a reader with three minutes: the threats, what changed, what we cannot see, and what to ask.",
    **{
        name: f"{title}: each sub-topic with its table, charts and other explanations."
        for name, title in THEMES.items()
    },
    "data_quality": "Conflicts with their arithmetic done again, gaps, breaks, and what is left out.",
}


def _info(assessment: Assessment, file: str, title: str) -> PageInfo:
    simulated = assessment.data_kind != "real"
    pages = [(INDEX, "Contents"), *((f"{name}.html", words) for name, words in PAGES.items())]
    return PageInfo(
        file=file,
        title=title,
        partnership=assessment.partnership,
        quarter=wording.period_words(str(assessment.quarter)),
        label=str(assessment.quarter),
        audience=assessment.protection.title,
        data_as_at=f"{assessment.data_as_at.day} {assessment.data_as_at:%B %Y}",
        pages=pages,
        marking=assessment.protection.marking,
        status=overview.status(assessment),
        abbreviations=assessment.abbreviations,
        simulated=simulated,
        provenance={
            "Made by": f"threatlib {__version__}",
            "Quarter": str(assessment.quarter),
            "Figures": "simulated" if simulated else "as received from agencies and as published",
            "Record of the run": "manifest.json beside this page",
        },
    )
