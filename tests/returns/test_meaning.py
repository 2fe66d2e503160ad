"""What figures say of each other: each kind of doubt found where it was planted, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.returns.small import HEADER, partnership, receive
from threatlib import returns
from threatlib.catalogue import load
from threatlib.returns.meaning import doubts

Q1 = "returns/2022-23-Q1/northam_council.csv"
Q2 = "returns/2022-23-Q2/northam_council.csv"
LOOK = "Look at the figures again; if they are right, leave them as they are."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "small")


def found(folder: Path, *lines: str, header: str = HEADER, name: str = Q1, **entry: str) -> list[str]:
    receive(folder, name, "\n".join([header, *lines]), **{"on": "2024-07-20", **entry})
    definitions = load(folder)
    table, _, problems = returns.read(folder, definitions)
    assert [str(p) for p in problems] == []
    doubted = doubts(table, definitions)
    assert all(doubt.doubt for doubt in doubted)
    return [str(doubt) for doubt in doubted]


def months(indicator: str, *values: object, area: str = "Northam", first: int = 2022 * 12 + 3) -> list[str]:
    return [
        f"{indicator},{area},{(first + i) // 12}-{(first + i) % 12 + 1:02d},{v}"
        for i, v in enumerate(values)
        if v is not None
    ]


def test_figures_that_agree_raise_no_doubt(folder: Path) -> None:
    plans = ["plans,Northam,2021-22,30", "plans_neglect,Northam,2021-22,20", "plans_other,Northam,2021-22,10"]
    assert found(folder, *plans, *months("referrals", 40, 45, 50), "referrals,Northam,2022-23-Q1,135") == []


@pytest.mark.parametrize(
    ("total", "part", "doubt"),
    [
        ("30", "10", ""),
        ("31", "10", "a total of 31, wanted the sum of its parts, 30"),
        ("22", "c", ""),
        ("20", "c", "a total of 20, wanted the sum of its parts, 21 to 25"),
        ("26", "c", "a total of 26, wanted the sum of its parts, 21 to 25"),
        ("40", "", ""),
    ],
)
def test_totals_against_parts(folder: Path, total: str, part: str, doubt: str) -> None:
    lines = [
        f"plans,Northam,2021-22,{total}",
        "plans_neglect,Northam,2021-22,20",
        f"plans_other,Northam,2021-22,{part}",
    ]
    assert found(folder, *lines) == ([f"{Q1}, row 2, 'value': found {doubt}. {LOOK}"] if doubt else [])


@pytest.mark.parametrize(
    ("value", "numerator", "denominator", "doubt"),
    [
        ("20", "2", "10", ""),
        ("66.7", "2", "3", ""),
        ("67", "2", "3", ""),
        ("0.2", "2", "10", "'value': found 0.2%, wanted 2 of 10, which is 20.0%"),
        ("20", "10", "2", "'numerator': found 10 of 2, wanted a numerator no larger than its denominator"),
        ("120", "", "", "'value': found 120%, wanted a percentage from 0 to 100"),
        ("20", "0", "0", ""),
        ("", "9", "45", "'value': found no value, wanted the percentage that 9 of 45 make"),
        ("", "90", "45", "'numerator': found 90 of 45, wanted a numerator no larger than its denominator"),
    ],
)
def test_shares_against_their_numbers(folder: Path, value: str, numerator: str, denominator: str, doubt: str) -> None:
    line = f"rereferral_share,Northam,2022-04,{value},{numerator},{denominator}"
    doubted = found(folder, line, header=f"{HEADER},numerator,denominator")
    assert bool(doubted) == bool(doubt)
    assert not doubt or any(f"{Q1}, row 2, {doubt}." in d for d in doubted)


@pytest.mark.parametrize(
    ("period", "value", "doubt"),
    [
        ("2022-23-Q1", "135", ""),
        ("2022-23-Q1", "136", "found 136 for 2022-23-Q1, wanted the sum of its months, 135"),
        ("2022-04/2022-05", "90", "found 90 for 2022-04/2022-05, wanted the sum of its months, 85"),
        ("2022-04/2022-09", "10", ""),
    ],
)
def test_longer_periods_against_the_shorter_ones_they_are_made_of(
    folder: Path, period: str, value: str, doubt: str
) -> None:
    doubted = found(folder, *months("referrals", 40, 45, 50), f"referrals,Northam,{period},{value}")
    assert doubted == ([f"{Q1}, row 5, 'value': {doubt}. {LOOK}"] if doubt else [])


def test_a_year_to_date_against_its_quarters(folder: Path) -> None:
    lines = [f"offences,Northam,2021-22-Q{q},{10 * q}" for q in (1, 2, 3, 4)]
    doubted = found(folder, *lines, "offences,Northam,2021-04/2021-12,61", "offences,Northam,2021-22,100")
    assert [d.split("found ")[1].split(".")[0] for d in doubted if "offences" not in d] == [
        "61 for 2021-04/2021-12, wanted the sum of its quarters, 60"
    ]


@pytest.mark.parametrize(
    ("last", "doubt"),
    [
        (410, "found 410, about ten times what it has been, wanted a value near 40.5"),
        (4100, "found 4,100, about a hundred times what it has been, wanted a value near 40.5"),
        (4, "found 4, about a tenth of what it has been, wanted a value near 40.5"),
        (160, ""),
        (0, ""),
        (640, "found 640, about 16 times what it has been, wanted a value near 40.5"),
        (1500, "found 1,500, about 37 times what it has been, wanted a value near 40.5"),
        (7, "found 7, about 17.3% of what it has been, wanted a value near 40.5"),
    ],
)
def test_a_slipped_digit_against_the_history(folder: Path, last: int, doubt: str) -> None:
    doubted = found(folder, *months("referrals", 40, 41, 39, 42, last))
    assert [d.split(", 'value': ")[1].split(". See")[0] for d in doubted] == ([doubt] if doubt else [])


def test_less_than_nobody(folder: Path) -> None:
    [doubted] = found(folder, "workers,Northam,2022-03-31,-112.5")
    assert "'value': found -112.5, wanted nothing or more. See whether a sign slipped in." in doubted


def test_small_numbers_and_short_histories_raise_no_doubt(folder: Path) -> None:
    assert (
        found(
            folder, *months("referrals", 1, 1, 1, 1, 10), *months("rereferrals", 40, 41, 39, 400, first=2022 * 12 + 4)
        )
        == []
    )


def test_a_value_like_that_of_the_same_month_last_year_raises_no_doubt(folder: Path) -> None:
    year = [100, 100, 100, 100, 10, 100, 100, 100, 100, 100, 100, 100]
    doubted = found(folder, *months("referrals", *year, *year))
    assert len(doubted) == 1
    assert f"{Q1}, row 6," in doubted[0]


def test_a_column_that_repeats_another(folder: Path) -> None:
    doubted = found(folder, *months("referrals", 40, 41, 39, 42), *months("referrals", 40, 41, 39, 42, area="Southam"))
    assert [d for d in doubted if "repeat" in d] == [
        f"{Q1}, row 6: found figures of referrals Southam that repeat another column's, wanted figures of its own for "
        "each period, indicator and area. See whether a column was copied."
    ]


def test_last_quarters_figures_under_new_dates(folder: Path) -> None:
    found(folder, *months("referrals", 40, 41, 39), *months("rereferrals", 4, 5, 6), on="2022-07-20")
    lines = [
        *months("referrals", 40, 41, 39, first=2022 * 12 + 6),
        *months("rereferrals", 4, 5, 6, first=2022 * 12 + 6),
    ]
    doubted = found(folder, *lines, name=Q2, on="2022-10-20")
    assert f"{Q2}: found the figures of {Q1} once more, wanted this quarter's figures. Ask the agency whether last " \
        "quarter's file was sent again." in doubted  # fmt: skip


def test_a_period_left_out_is_not_a_missing_value(folder: Path) -> None:
    doubted = found(folder, *months("referrals", 40, None, None, 42), *months("rereferrals", 4, "", "x", 5))
    assert doubted == [
        f"{Q1}, row 3, 'period': found no row for 2 months between 2022-04 and 2022-07 (referrals, Northam), wanted a "
        "row for every period. Send the missing rows; leave the value blank if it is not known."
    ]


def test_a_figure_twice_in_one_file(folder: Path) -> None:
    doubted = found(folder, *months("referrals", 40), *months("referrals", 40))
    assert doubted == [
        f"{Q1}, row 3, 'period': found referrals, Northam, 2022-04 a second time (first in row 2), wanted each figure "
        "once. Remove one of the two rows."
    ]


def test_an_area_the_agency_does_not_cover(folder: Path) -> None:
    doubted = found(folder, *months("referrals", 40, 41, area="Southam"))
    assert doubted == [
        f"{Q1}, row 2, 'area': found 'Southam' from Northam Council, wanted an area it covers (Northam). Correct the "
        "area, or add it to the agency's footprint in partnership.yaml."
    ]


def test_an_official_table_is_its_publishers(folder: Path) -> None:
    assert found(folder, *months("referrals", 40, 41, area="Southam"), kind="official") == []


def test_a_period_that_had_not_begun_when_the_file_came(folder: Path) -> None:
    lines = ["referrals,Northam,2022-07,40,", "referrals,Northam,2022-08,40,", "workers,Northam,2099-06-30,4,forecast"]
    assert found(folder, *lines, header=f"{HEADER},basis", on="2022-07-20") == [
        f"{Q1}, row 3, 'period': found 2022-08, which had not begun on 2022-07-20, wanted a period that had begun when "
        "the file came. See whether the year is mistyped."
    ]


def test_a_period_before_anybody_counted(folder: Path) -> None:
    assert found(folder, "referrals,Northam,1022-04,40") == [
        f"{Q1}, row 2, 'period': found 1022-04, wanted a period of the last 50 years. See whether the year is mistyped."
    ]


@pytest.mark.parametrize(
    ("last", "on", "beside", "said"),
    [(5, "2022-07-20", 6, "month of the quarter after 2022-05"),
     (5, "2022-07-20", 7, "month of the quarter after 2022-05"),
     (4, "2022-07-01", 6, "2 months of the quarter after 2022-04"),
     (6, "2022-07-20", 6, ""), (5, "2022-06-30", 6, ""), (5, "2022-07-20", 5, "")],
)  # fmt: skip
def test_a_quarter_cut_short_beside_another_series(folder: Path, last: int, on: str, beside: int, said: str) -> None:
    lines = [*months("referrals", *range(40, 37 + last)), *months("rereferrals", *range(9, 6 + beside))]
    wanted = [] if not said else [
        f"{Q1}, row {last - 2}, 'period': found no row for the last {said} (referrals, Northam), wanted a row for "
        "every period. Send the missing rows; leave the value blank if it is not known."
    ]  # fmt: skip
    assert [line for line in found(folder, *lines, on=on) if "no row" in line] == wanted


def test_a_quarter_cut_short_after_a_whole_one(folder: Path) -> None:
    text = "\n".join([HEADER, *months("referrals", 40, 41, 43)])
    receive(folder, Q1, text, on="2022-07-20")
    receive(folder, Q2, f"{HEADER}\nreferrals,Northam,2022-07,39", on="2022-10-20")
    definitions = load(folder)
    said = [str(problem) for problem in doubts(returns.read(folder, definitions)[0], definitions)]
    assert len(said) == 1
    assert (
        "Q2/northam_council.csv, row 2, 'period': found no row for the last 2 months of the quarter after 2022-07"
        in said[0]
    )
