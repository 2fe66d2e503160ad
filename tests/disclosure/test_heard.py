"""What the auditor hears in words: a number that stands for a figure, not the interval that is stated of it anyway."""

from __future__ import annotations

import pandas as pd
import pytest

from threatlib.briefing.texts import told

ROW = {
    "indicator": "plans", "area": "Hackney", "breakdown": "", "period": "2022-09-30", "unit": "count",
    "status": "withheld", "value": float("nan"), "lower": 1.0, "upper": 5.0, "end": "2022-09-30",
}  # fmt: skip
CATALOGUE = pd.DataFrame([{"id": "plans", "name": "Child protection plans"}])


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("We saw between 1 and 5 on 30 September 2022.", set()),
        ("We saw 1 to 5 on 30 September 2022.", set()),
        ("We saw 3 on 30 September 2022.", {3.0}),
        ("There were 1 and then more on 30 September 2022.", {1.0}),
    ],
)
def test_the_interval_that_is_stated_is_not_taken_for_the_figure(tmp_path, words, heard):
    (tmp_path / "page.html").write_text(f"<p>Child protection plans (Hackney): {words}</p>", encoding="utf-8")
    found = {number for _, number, _ in told(tmp_path, pd.DataFrame([ROW]), CATALOGUE)}
    assert found == heard
