"""What goes out beside the pages: the summary for an e-mail, and PDFs that say when they are left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.small import FAULT, GAP, SHOCK, WORLD, assessed, figure
from threatlib.assessment import Assessment
from threatlib.briefing import printout, summary
from threatlib.briefing.lint import lint
from threatlib.briefing.pages import PAGES, index
from threatlib.briefing.plain import plain


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    return assessed(*WORLD, figure("offences", "2021-22-Q4", None), annotations=[SHOCK, FAULT, GAP])


def test_the_summary_says_who_when_and_for_whom_and_keeps_its_lines_short(assessment: Assessment) -> None:
    text = summary.text(assessment)
    assert assessment.partnership in text
    assert "Strategic Threat Assessment, July to September 2022" in text
    assert "Data as at 20 October 2022." in text
    assert max(map(len, text.splitlines())) <= 72
    for heading in ("THE THREATS", "KEY MESSAGES", "WHAT CHANGED SINCE LAST QUARTER", "WHAT WE CANNOT SEE"):
        assert heading in text


def test_the_summary_is_plain_text_and_has_the_messages_of_the_page(assessment: Assessment) -> None:
    text = " ".join(summary.text(assessment).split())
    assert "<" not in text
    assert "&" not in text
    first = " ".join(str(assessment.findings["sentence"].iloc[0]).split())
    assert first in text
    assert "Demand: getting worse." in text
    assert "Lost records." in text


def test_the_summary_explains_its_abbreviations(assessment: Assessment) -> None:
    import dataclasses

    own = dataclasses.replace(assessment, abbreviations={"XQ": "a quarter of our own"})
    named = own.findings.assign(name="XQ " + own.findings["name"])
    text = summary.text(dataclasses.replace(own, tables={**own.tables, "findings": named}))
    assert "XQ" not in text  # sentences are those of the leading evidence, which has its own name
    leads = {id: {**row, "name": f"XQ {row['name']}"} for id, row in own.leads.items()}
    text = " ".join(summary.text(dataclasses.replace(own, leads=leads)).split())
    assert text.count("XQ (a quarter of our own)") == 1


def test_a_summary_of_simulated_figures_says_so(assessment: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    made_up = dataclasses.replace(assessment, data_kind="simulated")
    assert "SIMULATED DATA: every figure is invented." in summary.text(made_up)
    assert "SIMULATED" not in summary.text(assessment)


def test_pdfs_left_out_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATLIB_PDF", "0")
    assert printout.write(tmp_path) == "PDF left out: THREATLIB_PDF is 0."
    monkeypatch.setenv("THREATLIB_PDF", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert printout.write(tmp_path) == (
        "PDF left out: none of chromium, chromium-browser, google-chrome is on the PATH."
    )


def test_a_browser_that_fails_never_stops_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "page.html").write_text("<p>x</p>")
    assert printout.write(tmp_path).startswith("PDF left out: chromium did not print")
    assert not list(tmp_path.glob("*.pdf"))


def test_pdfs_are_named_on_the_index_once_they_are_there(tmp_path: Path, assessment: Assessment) -> None:
    file = tmp_path / "index.html"
    file.write_text(index(assessment), encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    printout._link(file)
    after = file.read_text(encoding="utf-8")
    assert ".pdf" not in before
    assert re.findall(r'href="(\w+)\.pdf" download>([^<]+), to print<', after) == [
        ("index", "Contents"), *PAGES.items()
    ]  # fmt: skip
    assert lint(after) == []
    assert plain(after) == []


def test_time_and_numbers_of_the_printer_are_replaced_in_place() -> None:
    one = b"/CreationDate (D:20261123165501+00'00') /ID (node00012320) /ID (node00012327) (node00012320)"
    two = b"/CreationDate (D:20270101000000+00'00') /ID (node00000007) /ID (node00000011) (node00000007)"
    assert printout._normal(one) == printout._normal(two)
    assert len(printout._normal(one)) == len(one)
