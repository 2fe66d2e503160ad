"""A fictional partnership, simulated from a seed, with planted truths: `build(folder, seed)`.

The committed copy under `data/demo` is `python -m tests.demo --seed 20220930 --out data/demo`.
"""

from tests.demo.truths import Truth, Truths
from tests.demo.write import build

SEED = 20220930
"""Seed of the committed partnership."""

__all__ = ["SEED", "Truth", "Truths", "build"]
