"""Command line of the generator."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.demo import SEED, build


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Write the fictional partnership.")
    parser.add_argument("--seed", type=int, default=SEED, help="same seed, same bytes (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("data/demo"), help="folder (default: %(default)s)")
    parser.add_argument("--quarters", type=int, default=24, help="length of the history (default: %(default)s)")
    chosen = parser.parse_args()
    truths = build(chosen.out, chosen.seed, chosen.quarters)
    for truth in truths.planted:
        print(f"{truth.id}: {truth.indicator}, {truth.area}, {truth.kind} {truth.direction} from {truth.start}")


if __name__ == "__main__":
    main()
