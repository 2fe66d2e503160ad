"""Words for probability: the Professional Head of Intelligence Assessment's yardstick, and our rule for its gaps.

References
----------
PHIA Probability Yardstick, Cabinet Office, March 2025.
"""

from __future__ import annotations

YARDSTICK: tuple[tuple[float, float, str], ...] = (
    (0.0, 0.05, "remote chance"),
    (0.10, 0.20, "highly unlikely"),
    (0.25, 0.35, "unlikely"),
    (0.40, 0.50, "realistic possibility"),
    (0.55, 0.75, "likely"),
    (0.80, 0.90, "highly likely"),
    (0.95, 1.0, "almost certain"),
)
"""Bands of the yardstick; the gaps between them are deliberate."""


def term(probability: float) -> str:
    """The yardstick's word for a probability.

    A probability in a gap takes the band that lies nearer to an even chance: the weaker claim of the two.

    Raises
    ------
    ValueError
        Outside 0 to 1.
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"found {probability}, wanted a probability from 0 to 1")
    if probability <= 0.5:
        return next(word for _, high, word in YARDSTICK if probability <= high)
    return next(word for low, _, word in reversed(YARDSTICK) if probability >= low or word == "realistic possibility")
