"""How old a reader must be to follow a text at first reading: sentences, words and syllables, and nothing else."""

from __future__ import annotations

import re

OLDEST = 14
"""Reading age that a key message may ask for, in years."""

_SENTENCE = re.compile(r"[.!?]+(?=\s|$)")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_FIGURE = re.compile(r"(?<!\w)[−+£-]?\d[\d,.]*(?:%|\b)")
_GROUP = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?<=[^aeiouyl])(?:es|ed|e)$|(?<=[aeiouy]l)es?$")
_KEPT = re.compile(r"(?:[td]ed|[sxz]es|[cs]hes|[cg]es)$")
_SPLIT = re.compile(r"[iy]a(?!ge|lly?$|l$|n$)|eo(?!us)|i[ou](?=s?$)|[aeiu]ing$|uou|ism$")


def reading_age(text: str) -> float:
    """Years of age at which a text is easily read: the grade of Flesch and Kincaid and five more.

    Parameters
    ----------
    text : str
        Prose. A figure counts as a word of one syllable, for it is taken in at a glance; an abbreviation has a syllable
        a letter.

    Returns
    -------
    float
        5 or more; 5 for a text without words.

    Notes
    -----
    Grade = 0.39 words / sentences + 11.8 syllables / words - 15.59. Syllables are counted by groups of vowels with the
    commonest exceptions; tests hold them against the pronouncing dictionary of Carnegie Mellon University.

    References
    ----------
    Kincaid, J. P., Fishburne, R. P., Rogers, R. L. and Chissom, B. S. (1975). Derivation of new readability formulas
    for Navy enlisted personnel. Naval Technical Training Command.
    """
    figures = len(_FIGURE.findall(text))
    words = _WORD.findall(_FIGURE.sub(" ", text))
    number = figures + len(words)
    if not number:
        return 5.0
    spoken = figures + sum(syllables(word) for word in words)
    sentences = max(len(_SENTENCE.findall(_FIGURE.sub("0", text))), 1)
    return max(5.0, 0.39 * number / sentences + 11.8 * spoken / number - 15.59 + 5)


def syllables(word: str) -> int:
    """Syllables of an English word, at least one; a letter each for an abbreviation."""
    if len(word) > 1 and word.isupper():
        return len(word)
    low = re.sub(r"['’]s?$", "", word.lower())
    bare = low if _KEPT.search(low) else _SILENT.sub("", low)
    return max(len(_GROUP.findall(bare)) + len(_SPLIT.findall(bare)), 1)
