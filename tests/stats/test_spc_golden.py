"""Every golden vector of NHSRplotthedots and qicharts2, but for the rows listed as their defects."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from chart_vectors import Case, agree, cases, read, read_json

from threatlib.stats.spc import XmR, g_chart, p_chart, run_chart, t_chart, u_chart, xmr

LIMITS = {
    "lpl": "lower",
    "upl": "upper",
    "near_lpl": "near_lower",
    "near_upl": "near_upper",
    "amr": "mean_moving_range",
}
PTD = list(cases("spc/ptd_points.csv.gz", "case_id", "screen_outliers", "facet"))
BASELINES = read_json("spc/ptd_baselines.json")
DEFECTS = {(row["case_id"], row["screen_outliers"], row["code"]) for row in read("spc/known_defects.csv")}
QIC = list(cases("spc/qic_points.csv.gz", "case_id", "screened_mr"))
QIC_INPUTS = {key[0]: case for key, case in cases("spc/qic_inputs.csv.gz", "case_id")}
QIC_CASES = read_json("spc/qic_cases.json")


@cache
def _drawn(place: int, rules: str) -> XmR:
    key, case = PTD[place]
    options = {"segments": case["rebase_group"], "baseline_n": BASELINES.get(key[0])}
    return xmr(case["value"], rules=rules, screen=key[1] == "TRUE", **options)


PLACES = {key: place for place, (key, _) in enumerate(PTD)}


def drawn(key: tuple[str, ...], rules: str) -> XmR:
    return _drawn(PLACES[key], rules)


def better(key: tuple[str, ...]) -> bool:
    """The reference's limits collapse or are NaN although something can be said."""
    return bool({(*key[:2], "LIMITS_COLLAPSED"), (*key[:2], "CONSTANT_NAN_LIMITS")} & DEFECTS)


def as_the_package_words_it(chart) -> np.ndarray:
    rising, falling = np.zeros((2, chart.side.size), dtype=bool)
    for rule, way, start, stop in zip(
        chart.spans.rule, chart.spans.direction, chart.spans.start, chart.spans.stop, strict=True
    ):
        if rule == "trend":
            (rising if way > 0 else falling)[start : stop + 1] = True
    above = chart.side > 0
    rules = [
        (chart.outside, np.where(above, "Above UCL", "Below LCL")),
        (falling, "7 Point Trend (Decreasing)"),
        (rising, "7 Point Trend (Increasing)"),
        (chart.two_of_three, np.where(above, "2 in 3 Above CL", "2 in 3 Below CL")),
        (chart.shift, np.where(above, "7 Points Above CL", "7 Points Below CL")),
    ]
    return np.select([fired for fired, _ in rules], [words for _, words in rules], "Common Cause")


def test_every_case_is_there():
    assert len(PTD) == 402
    assert sum(len(case.rows) for _, case in PTD) == 10_844
    assert sum(len(case.rows) for _, case in QIC) == 4_112


def test_limits_agree_with_nhsrplotthedots():
    for key, case in PTD:
        chart = drawn(key, "nhsr-0.2.2")
        assert agree(chart.centre, case["mean"]), key
        assert agree(chart.moving_range, case["mr"]), key
        assert (chart.trial == case.true("short_group_warning")).all(), key
        if not better(key):
            for theirs, ours in LIMITS.items():
                assert agree(getattr(chart, ours), case[theirs]), (key, theirs)


def test_decisions_agree_with_nhsrplotthedots():
    for key, case in PTD:
        chart = drawn(key, "nhsr-0.2.2")
        assert (chart.side == np.nan_to_num(case["relative_to_mean"])).all(), key
        if (*key[:2], "LIMITS_COLLAPSED") not in DEFECTS:
            wanted = np.where(case.text("special_cause_type") == "", "Common Cause", case.text("special_cause_type"))
            assert (as_the_package_words_it(chart) == wanted).all(), key
            assert (chart.outside == case.true("outside_limits")).all(), key


def test_where_the_reference_collapses_our_limits_do_not():
    seen = {"LIMITS_COLLAPSED": 0, "CONSTANT_NAN_LIMITS": 0}
    for key, case in PTD:
        chart = drawn(key, "nhsr-0.2.2")
        if (*key[:2], "LIMITS_COLLAPSED") in DEFECTS:
            seen["LIMITS_COLLAPSED"] += 1
            assert agree(case["lpl"], case["upl"])
            assert (chart.upper - chart.lower > 0).all()
            assert chart.outside.sum() <= 1
        if (*key[:2], "CONSTANT_NAN_LIMITS") in DEFECTS:
            seen["CONSTANT_NAN_LIMITS"] += 1
            assert (chart.lower == case["value"]).all()
            assert (chart.upper == case["value"]).all()
            assert not chart.flagged.any()
    assert seen == {"LIMITS_COLLAPSED": 4, "CONSTANT_NAN_LIMITS": 5}


def test_the_2023_rules_add_the_points_listed_and_trends_with_a_repeated_value():
    listed = {
        (r["case_id"], r["screen_outliers"], r["facet"], r["seq"])
        for r in read("spc/two_of_three_mdc2023_extra_points.csv")
    }
    added = set()
    for key, case in PTD:
        old, new = drawn(key, "nhsr-0.2.2"), drawn(key, "mdc-2023")
        assert not (old.flagged & ~new.flagged).any(), key
        added |= {(*key, case.rows[place]["seq"]) for place in np.flatnonzero(new.flagged & ~old.flagged)}
    assert listed <= added
    assert {key[:2] for key in added - listed} == {key[:2] for key in DEFECTS if key[2] == "TIE_BREAKS_TREND"}


@pytest.mark.parametrize("chart", ["i", "mr", "c", "p", "pp", "u", "up", "g", "t", "run"])
def test_qicharts2(chart: str):
    tested = 0
    for (name, screened), case in QIC:
        options = QIC_CASES[name]
        if options["chart"] != chart:
            continue
        tested += 1
        if chart == "run":
            check_run(name, options, case)
        elif chart == "mr":
            check_moving_range(name, case)
        else:
            check_limits(name, options, case, screen=screened == "TRUE")
    assert tested >= 4


def check_limits(name: str, options: dict, case: Case, *, screen: bool) -> None:
    y, n = QIC_INPUTS[name]["y"], QIC_INPUTS[name]["n"]
    if options["exclude"]:
        y[np.array(options["exclude"]) - 1] = np.nan
    kind = options["chart"]
    where = {"segments": [options["part"]] if options["part"] else None, "baseline_n": options["freeze"]}
    if kind == "i":
        drawn = xmr(y, factor=3 / 1.128, screen=screen, **where)
    elif kind in ("p", "pp"):
        drawn = p_chart(y, n, laney=kind == "pp", screen=screen, **where)
    elif kind in ("u", "up", "c"):
        drawn = u_chart(y, 1.0 if kind == "c" else n, laney=kind == "up", screen=screen, **where)
    else:
        drawn = g_chart(y, **where) if kind == "g" else t_chart(y, screen=screen, **where)
    times = options["multiply"]
    assert agree(drawn.centre * times, case["cl"]), name
    if options["exclude"]:  # the reference measures a moving range across the point left out; we never bridge
        assert not agree(drawn.upper, case["ucl"])
        return
    for theirs, ours in {"lcl": "lower", "ucl": "upper", "lcl_95": "near_lower", "ucl_95": "near_upper"}.items():
        assert agree(getattr(drawn, ours) * times, case[theirs]), (name, theirs)
    assert (drawn.outside == case.true("sigma_signal")).all(), name


def check_moving_range(name: str, case: Case) -> None:
    chart = xmr(QIC_INPUTS[name]["y"], screen=False)
    assert agree(chart.moving_range, case["y"]), name
    assert agree(chart.mean_moving_range, case["cl"]), name
    assert agree(3.267 * chart.mean_moving_range, case["ucl"]), name


def check_run(name: str, options: dict, case: Case) -> None:
    segments = [options["part"]] if options["part"] else None
    chart = run_chart(QIC_INPUTS[name]["y"], segments=segments, baseline_n=options["freeze"])
    columns = {
        "cl": "centre",
        "n_useful": "useful",
        "longest_run": "longest_run",
        "longest_run_max": "longest_allowed",
        "n_crossings": "crossings",
        "n_crossings_min": "crossings_needed",
    }
    for theirs, ours in columns.items():
        assert agree(getattr(chart, ours), case[theirs]), (name, theirs)
    assert (chart.signal == case.true("runs_signal")).all(), name
