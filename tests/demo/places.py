"""Invented areas, their sizes, and who sends returns for them."""

from __future__ import annotations

from dataclasses import dataclass

LARGE, SMALL = "Vellmarsh", "Quillgate"
BOTH = f"{LARGE} and {SMALL}"
NATION = "Nation"
NEIGHBOURS: dict[str, float] = {"Tarnholt": 0.82, "Ferrenby": 1.14, "Wexholt": 0.93}
"""Comparator areas and their size beside the large area's."""

CHILDREN: dict[str, tuple[int, float]] = {
    LARGE: (60_200, 0.004),
    SMALL: (905, -0.006),
    **{name: (round(60_200 * size), 0.003) for name, size in NEIGHBOURS.items()},
    NATION: (9_840_000, 0.002),
}
"""Children aged under 18 in mid-2016 and the growth a year."""

ETHNICITY: dict[str, float] = {"White": 0.42, "Black": 0.24, "Asian": 0.15, "Mixed": 0.12, "Other": 0.07}
"""Shares of the large area's children."""


@dataclass(frozen=True)
class Sender:
    """An agency as a sender of files: how, how late, and how it spells a period."""

    slug: str
    name: str
    delay: int
    suffix: str = "csv"
    months: str = "iso"
    columns: tuple[str, ...] = (
        "indicator", "area", "period", "value", "numerator", "denominator", "breakdown", "status", "note",
    )  # fmt: skip
    hides: tuple[int, int] | None = None


_PLAIN = ("indicator", "area", "period", "value", "status", "note")
LARGE_CSC = Sender("vellmarsh_childrens_services", "Vellmarsh Children's Services", 21)
SMALL_CSC = Sender("quillgate_childrens_services", "Quillgate Children's Services", 18, suffix="xlsx")
LARGE_POLICE = Sender("northwater_police", "Northwater Police", 12, columns=_PLAIN)
SMALL_POLICE = Sender("quillgate_police", "Quillgate Police", 16, columns=_PLAIN)
TRUST = Sender("marsh_community_health", "Marsh Community Health Trust", 26, months="short")
CAMHS = Sender("lanternhouse_camhs", "Lanternhouse CAMHS", 24, suffix="xlsx")
HOSPITAL = Sender("saint_orrin_hospital", "Saint Orrin Hospital", 28, hides=(1, 4))
EDUCATION = Sender("vellmarsh_education", "Vellmarsh and Quillgate Education Service", 30)
GPS = Sender("gp_alliance", "Vellmarsh and Quillgate GP Alliance", 33, columns=_PLAIN[:4])
PROBATION = Sender("northwater_probation", "Northwater Probation", 35, months="words")
EXCHANGE = Sender("neighbour_exchange", "Neighbour Exchange", 45)
STATISTICS = Sender("simulated_statistics", "Office for Simulated Statistics", 0)

SENDERS = (
    LARGE_CSC, SMALL_CSC, LARGE_POLICE, SMALL_POLICE, TRUST, CAMHS, HOSPITAL, EDUCATION, GPS, PROBATION,
)  # fmt: skip

ROUTES: dict[str, dict[str, Sender]] = {
    "csc": {LARGE: LARGE_CSC, SMALL: SMALL_CSC},
    "police": {LARGE: LARGE_POLICE, SMALL: SMALL_POLICE},
    "trust": dict.fromkeys((LARGE, SMALL, BOTH), TRUST),
    "camhs": {BOTH: CAMHS},
    "hospital": dict.fromkeys((LARGE, SMALL), HOSPITAL),
    "education": dict.fromkeys((LARGE, SMALL, BOTH), EDUCATION),
    "gp": {BOTH: GPS},
    "probation": {BOTH: PROBATION},
}
"""Who reports a group of indicators for an area."""


def sender_of(group: str, area: str) -> Sender:
    return EXCHANGE if area in NEIGHBOURS else ROUTES[group][area]
