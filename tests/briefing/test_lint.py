"""The examiner finds each fault it is there for, and nothing in a sound page."""

from __future__ import annotations

import pytest

from threatlib.briefing.lint import LARGEST, lint, lint_site, untraced

HEAD = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    '<meta name="data-kind" content="simulated"><title>Demand</title>'
)
SOUND = (
    f'<!DOCTYPE html><html lang="en-GB"><head>{HEAD}<style>p {{ margin: 0 }}</style></head><body>'
    '<p class="simulated">Simulated data.</p><main id="main"><h1>Demand</h1><h2 id="part">Part</h2>'
    '<a href="#part">Part</a><a href="other.html#there">Other</a>'
    '<img src="data:image/svg+xml;base64,AA==" alt="Line chart. Referrals rose from 310 to 388.">'
    "<table><caption>Figures</caption><thead><tr><th scope=\"col\">A</th></tr></thead>"
    "<tbody><tr><th scope=\"row\">x</th></tr></tbody></table><!--end--></main></body></html>"
)  # fmt: skip


def test_a_sound_page_has_no_problem() -> None:
    assert lint(SOUND, simulated=True) == []


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ('lang="en-GB"', 'lang="en"', "wanted en-GB"),
        ("<title>Demand</title>", "<title> </title>", "no title"),
        ("default-src 'none'", "default-src *", "no content-security policy"),
        ('<main id="main">', '<main id="main"></main><main>', "found 2 main landmarks"),
        ("<h1>Demand</h1>", "<p>Demand</p>", "found 0 first-level headings"),
        ("<h1>Demand</h1>", "<h1>Demand</h1><h1>More</h1>", "found 2 first-level headings"),
        ('<h2 id="part">Part</h2>', '<h3 id="part">Part</h3>', "'Part' is at level 3 after level 1"),
        ('<h2 id="part">Part</h2>', '<h2 id="part"> </h2>', "an empty heading"),
        ('alt="Line chart. Referrals rose from 310 to 388."', "", "alternative text of 0 characters"),
        ("Referrals rose from 310 to 388.", "R." * 130, "wanted 20 to 250"),
        ("Line chart.", "Image of a line chart.", "says it is one"),
        ("<!--end-->", '<img src="data:image/png;base64,AA==" alt="Line chart. Referrals rose from 310 to 388.">',
         "another chart's too"),
        ("<caption>Figures</caption>", "", "without a caption"),
        ('<th scope="row">x</th>', "<th>x</th>", "'x' has no scope"),
        ('<th scope="row">x</th>', '<th scope="row">x</th><td> </td>', "an empty cell"),
        ("<!--end-->", "<script>1</script>", "<script> may not stand on a page"),
        ("<!--end-->", '<link rel="stylesheet" href="https://x.test/a.css">', "<link> may not stand"),
        ("<!--end-->", '<img src="https://x.test/a.png" alt="A chart of something else.">', "asks for https://x.test"),
        ("<!--end-->", '<img src="chart.png" alt="A chart of something else.">', "asks for chart.png"),
        ("<!--end-->", '<a href="https://x.test/">x</a>', "asks for https://x.test"),
        ("<!--end-->", '<a href="//x.test/">x</a>', "asks for //x.test"),
        ("<!--end-->", '<a href="javascript:alert(1)">x</a>', "asks for javascript:"),
        ("<!--end-->", '<p onclick="x()">x</p>', "has a script in onclick"),
        ("<!--end-->", '<p style="background: url(x.png)">x</p>', "a style that asks"),
        ("p { margin: 0 }", "@import 'x.css';", "a style sheet that asks"),
        ("<!--end-->", '<p id="part">x</p>', "the id 'part' stands 2 times"),
        ("<!--end-->", '<a href="#nowhere">x</a>', "points to 'nowhere'"),
        ("<!--end-->", '<nav aria-labelledby="nowhere">x</nav>', "points to 'nowhere'"),
        ("<!--end-->", "<p>a rate of nan per cent</p>", "'nan' in the text"),
        ("<!--end-->", "<p>None</p>", "'None' in the text"),
        ("<!--end-->", "<p>from -inf to 3</p>", "'-inf' in the text"),
        ("<!--end-->", "<p>left <b>open</p>", "</p> ends what is not open"),
        ("<!--end-->", '<p id="a" id="b">x</p>', "an attribute twice"),
        ('class="simulated"', 'class="note"', "does not say so"),
        ('content="simulated"', 'content="real"', "does not say so"),
    ],
)  # fmt: skip
def test_each_fault_is_found(there: str, instead: str, said: str) -> None:
    assert there in SOUND
    problems = lint(SOUND.replace(there, instead), simulated=True)
    assert [p for p in problems if said in p], problems


@pytest.mark.parametrize(
    "words", ["None of the agencies sent a return", "Nan Smith", "information", "a finance officer"]
)
def test_ordinary_words_are_no_missing_number(words: str) -> None:
    assert lint(SOUND.replace("<!--end-->", f"<p>{words}</p>"), simulated=True) == []


def test_a_page_may_not_be_too_large() -> None:
    heavy = SOUND.replace("<!--end-->", f"<p>{'x' * LARGEST}</p>")
    assert any("wanted at most 3,000,000" in p for p in lint(heavy, simulated=True))


def test_links_between_pages_must_lead_somewhere() -> None:
    other = SOUND.replace("<title>Demand", "<title>Other").replace('id="part"', 'id="there"').replace("#part", "#there")
    assert lint_site({"demand.html": SOUND, "other.html": other}) == {"demand.html": [], "other.html": []}
    lost = lint_site({"demand.html": SOUND, "other.html": other.replace('id="there"', 'id="gone"')})
    assert any("other.html#there" in problem for problem in lost["demand.html"])
    assert "links to other.html, which is not a page" in lint_site({"demand.html": SOUND})["demand.html"][0]


def test_two_pages_may_not_share_a_title() -> None:
    assert "another page's too" in " ".join(lint_site({"demand.html": SOUND, "other.html": SOUND})["other.html"])


def test_a_digit_needs_a_source_row_behind_it() -> None:
    page = (
        '<main><p>rose to <data value="3" data-from="a.csv:1">3</data> in <span data-period="2021-22">2021-22</span>'
        " per 10,000, done in 45 days, from 12</p><p>99</p></main>"
    )
    assert untraced(page, names=["in 45 days"]) == ["per 10,000, done in 45 days, from 12", "99"]
    assert untraced(page.replace(", from 12", ""), names=["in 45 days"]) == ["99"]


class TestAlternativeTextAgreesWithTheData:
    @staticmethod
    def faults(alt: str, cell: str = "401") -> list[str]:
        table = f'<table><caption>Data</caption><tr><th scope="row">Jul 2021</th><td>{cell}</td></tr></table>'
        chart = f'<figure><img alt="{alt}" src="data:image/png;base64,">{table}</figure>'
        page = f'<html lang="en-GB"><body><main>{chart}</main></body></html>'
        return [fault for fault in lint(page) if "which is not in the data" in fault]

    def test_a_figure_of_the_table_passes(self) -> None:
        assert self.faults("Line chart of referrals, 401 in Jul 2021. 2 values not known. 1 declared gap.") == []

    def test_another_one_is_found(self) -> None:
        assert len(self.faults("Line chart of referrals, 410 in Jul 2021.")) == 1

    def test_cells_are_not_run_together(self) -> None:
        assert len(self.faults("Line chart of referrals, 21401 of them.")) == 1

    def test_a_chart_without_rows_has_nothing_to_agree_with(self) -> None:
        html = '<html lang="en-GB"><body><main><figure><img alt="A chart of Area 1, no data" src="data:image/png;">'
        html += "<table><caption>Data</caption></table></figure></main></body></html>"
        assert not [fault for fault in lint(html) if "which is not in the data" in fault]
