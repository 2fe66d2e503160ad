"""What was revised and what reports claim, as the page shows them."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from tests import small
from threatlib import pipeline
from threatlib.assessment import Assessment
from threatlib.briefing.pages import rechecked
from threatlib.observations import KEY

CLAIMS = """
- {says: Referrals rose 15% from 595 to 694, at: page 9, about: referrals}
- {says: plans fell from 20 to 4 (80%), at: page 3}
- {says: contacts increased 44% from 174 to 311}
- {says: 12 of 42 were substantiated (29%)}
- {says: it rose}
"""


def words(fragment: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def shown_before(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    """What the ledger of earlier quarters holds: indicator, period, value and status."""
    return pd.DataFrame(
        [{"release": 1, "quarter": "2022-23-Q1", "indicator": indicator, "agency": "Council", "area": "Northam",
          "breakdown": "", "period": period, "status": status, "value": value, "lower": value, "upper": value}
         for indicator, period, value, status in rows]
    )[["release", "quarter", *KEY, "status", "value", "lower", "upper"]]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = small.folder(tmp_path / "data" / "small")
    (path / "published").mkdir()
    (path / "published" / "claims.yaml").write_text(CLAIMS)
    return path


def assessed(folder: Path, history: pd.DataFrame | None = None, audience: str = "partners") -> Assessment:
    return pipeline.assess(pipeline.load(folder), small.QUARTER, audience=audience, history=history)


def test_each_claim_with_its_verdict_and_no_withheld_figure(folder: Path) -> None:
    text = words(rechecked.claims(assessed(folder)))
    assert text.startswith("Of 5 claims, 1 agrees, 2 disagree, 2 cannot be checked.")
    assert (
        "page 9: Referrals a change of 15% from 595 to 694 16.6% Disagrees; it would agree on a base of 603.5" in text
    )
    assert "2 . page 3 [c] [z] Cannot be checked: a figure of it is withheld" in text
    assert "78.7% Disagrees: the change was divided by the new number, not the old one" in text
    assert "12 of 42 , or 29% 28.6% Agrees" in text
    assert "80" not in text
    assert "a change of 80% from 20 to 4" in words(rechecked.claims(assessed(folder, audience="internal")))


def test_every_number_of_a_claim_leads_to_its_row(folder: Path) -> None:
    found = re.findall(r'<data value="([^"]+)" data-from="([^"]+)">', rechecked.claims(assessed(folder)))
    rows = {row for value, row in found if value in ("595", "694", "15")}
    assert rows == {" ".join(f"published/claims.yaml:claim-1:{name}" for name in ("first", "second", "stated"))}
    assert all(row.startswith(("published/claims.yaml:claim-", "run:claims")) for _, row in found)


def test_what_was_revised_since_the_last_briefing_and_nothing_that_is_withheld(folder: Path) -> None:
    history = shown_before(
        ("referrals", "2021-22-Q2", 380, "provisional"),
        ("offences", "2021-22-Q2", math.nan, "withheld"),  # once withheld it stays so: no revision
        ("workers", "2022-09-30", 50, "reported"),
        ("workers", "2022-06-30", 60, "reported"),
    )
    text = words(rechecked.revisions(assessed(folder, history)))
    assert "2 figures are different from the briefings of earlier quarters" in text
    assert "Referrals Northam Jul–Sep 2021 380 [p] 400 +20 , +5.3%" in text
    assert "Social workers Northam 30 Jun 2022 60 withdrawn [z]" in text
    assert "Offences" not in text


def test_nothing_revised_says_so(folder: Path) -> None:
    assert "Nothing that is shown here was different in" in rechecked.revisions(assessed(folder))
    assert "nothing has changed" in rechecked.revisions(assessed(folder, audience="internal"))


def test_without_claims_the_page_says_so(folder: Path) -> None:
    (folder / "published" / "claims.yaml").unlink()
    assert "No claim of a report is listed" in rechecked.claims(assessed(folder))
