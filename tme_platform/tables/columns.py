"""Columns that several tables share, and shorthands for defining columns."""

from __future__ import annotations

from tme_platform.tables.schema import Column

PATIENT = Column("patient_id", "string", "Pseudonym of the patient in the study.", nullable=False)
FEATURE = Column("feature", "string", "Name of the image feature.", nullable=False)
FEATURE_SET = Column("feature_set", "string", "Software and settings that the features come from.", nullable=False)
POPULATION = Column("population", "string", "Name of the cell population (gene set).", nullable=False)
TIME_ENDPOINT = Column(
    "endpoint", "string", "Time-to-event endpoint: os, pfs, dfs, rfs, dmfs or one of the cohort's own.", nullable=False
)
PHENOTYPE = Column(
    "phenotype",
    "string",
    "Immune phenotype: hot (inflamed), cold (desert) or intermediate.",
    isin=("hot", "cold", "intermediate"),
)


def text(name: str, description: str, *, required: bool = False, isin: tuple[str, ...] | None = None) -> Column:
    """A text column."""
    return Column(name, "string", description, nullable=not required, isin=isin)


def number(name: str, description: str, at_least: float | None = None, at_most: float | None = None) -> Column:
    """A measured column with limits."""
    return Column(name, "float64", description, at_least=at_least, at_most=at_most)


def share(name: str, description: str) -> Column:
    """A column of shares, 0 to 1."""
    return number(name, description, 0, 1)


def count(name: str, description: str) -> Column:
    """A column of whole numbers, at least 0."""
    return Column(name, "Int64", description, at_least=0)


def flag(name: str, description: str) -> Column:
    """A column of true and false."""
    return Column(name, "boolean", description)
