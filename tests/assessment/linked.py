"""A small catalogue whose indicators hang together: a counterpart, a stage that follows, staff, and two neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from tests.small import QUARTER, declared, definitions, figure, quarters
from threatlib.assessment.years import known, years
from threatlib.catalogue import Definitions
from threatlib.catalogue.indicators import Catalogue
from threatlib.disclosure import Release, protection
from threatlib.observations import COLUMNS
from threatlib.periods import parse

CATALOGUE = """
indicators:
  - {id: plans, name: Plans, definition: Plans begun., unit: count, polarity: neither, theme: csa, agency: Council,
     frequency: quarterly, denominator: population_children, counterpart: crimes, comparators: [Midham, England]}
  - {id: crimes, name: Crimes, definition: Crimes recorded., unit: count, polarity: higher_is_worse, theme: csa,
     agency: Council, frequency: quarterly}
  - {id: referrals, name: Referrals, definition: Referrals received., unit: count, polarity: neither, theme: demand,
     agency: Council, frequency: quarterly, denominator: population_children}
  - {id: enquiries, name: Enquiries, definition: Enquiries begun., unit: count, polarity: neither, theme: demand,
     agency: Council, frequency: quarterly, denominator: population_children, follows: referrals}
  - {id: workers, name: Social workers, definition: In post., unit: fte, polarity: lower_is_worse, theme: workforce,
     agency: Council, frequency: snapshot, disclosive: false}
  - {id: population_children, name: Children, definition: Children aged 0 to 17., unit: count, polarity: neither,
     theme: context, agency: Council, frequency: snapshot, disclosive: false}
couplings:
  - {name: Referrals for each worker, demand: referrals, workforce: workers}
harms:
  - {name: Abuse, seen_by: [crimes, plans]}
"""


def entries(*annotations: Mapping[str, Any]) -> Definitions:
    catalogue = Catalogue.model_validate(yaml.safe_load(CATALOGUE))
    return definitions(*annotations).model_copy(update={"catalogue": catalogue})


def shown(*rows: Mapping[str, Any], quarter: str = QUARTER) -> pd.DataFrame:
    table = pd.DataFrame([{**row, "row": n, "obs": f"a.csv:{n}"} for n, row in enumerate(rows, start=2)])
    table = table.reindex(columns=list(COLUMNS)).astype(COLUMNS)
    return known(Release(table, protection(definitions(), "internal"), 0), parse(quarter))


def totals(*rows: Mapping[str, Any], quarter: str = QUARTER) -> pd.DataFrame:
    return years(shown(*rows, quarter=quarter))


def steady(indicator: str, level: float, length: int = 20, **more: Any) -> list[dict[str, Any]]:
    """Twenty quarters that go up and down by a tenth around a level."""
    return quarters(indicator, [level * (1.1 if n % 2 else 0.9) for n in range(length)], **more)


def fallen(indicator: str, level: float, last: Sequence[float], **more: Any) -> list[dict[str, Any]]:
    """The same, with the last quarters as given."""
    before = [level * (1.1 if n % 2 else 0.9) for n in range(20 - len(last))]
    return quarters(indicator, [*before, *last], **more)


PEOPLE = (
    figure("population_children", "2021-06-30", 10_000),
    figure("population_children", "2021-06-30", 20_000, "Midham"),
)

__all__ = ["PEOPLE", "QUARTER", "declared", "entries", "fallen", "figure", "quarters", "shown", "steady", "totals"]
