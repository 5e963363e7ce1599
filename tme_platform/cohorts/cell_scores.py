"""Read finished cell scores, or cell fractions as log lineages, and the groups of their populations.

Computing scores belongs in `expression`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from tme_platform.cohorts._measurements import marked, read_by_patient, to_numbers
from tme_platform.cohorts._tables import no_column, read_text_table, short
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.declaration import CellScoreSource, Cohort
from tme_platform.cohorts.rejections import Rejections
from tme_platform.cohorts.spelling import without_unusable_names
from tme_platform.expression import PACKAGED_LINEAGES, LineageMap, lineage_map, lineages_of, log_lineages
from tme_platform.tables.expression import CELL_SCORES, POPULATION_GROUPS

_NO_POPULATIONS = frozenset(
    {"p value", "pvalue", "p val", "correlation", "rmse", "absolute score", "absolute score sig score", "total", "sum"}
    | {"sample", "mixture", "mixture id", "input sample", "index", "row", "unnamed 0"}
)
"""Columns of CIBERSORT and its relatives that are no populations, as `_plain` writes them."""
_MOST_IN_SUM = 1.05
"""Fractions that are rounded may sum to a little more than 1."""


def read_cell_scores(
    folder: Path, cohort_name: str, source: CellScoreSource, *, times: pd.Series | None = None
) -> tuple[pd.DataFrame, dict[str, str], pd.DataFrame]:
    """Read finished cell scores and keep the populations that have a group.

    Fractions with a lineage map are summed to lineages on a log scale (`log_lineages`), which then are the populations.

    Parameters
    ----------
    folder, cohort_name
        Landing folder and name of the cohort.
    source
        What the cohort file declares.
    times
        A factor by patient for the values of the file; patients without one are left out.

    Returns
    -------
    scores
        Populations x patients, float64, in the order of the file: on the method's own scale, or log10(fraction + 1e-4).
        A patient who lacks the score of any population is left out.
    groups
        Group of each population in `scores`.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """
    rejected = Rejections(cohort_name)
    scores, groups = pd.DataFrame(dtype="float64"), dict[str, str]()
    table = read_by_patient(folder, source.file, source.patient_id, rejected, sheet=source.sheet)
    if table is not None and times is not None:
        known = table.index.isin(times.dropna().index)
        if not known.any():
            message = f"no patient of {source.file} has {times.name}. Map it under `clinical`, or remove `times`."
            rejected.add(rule="missing_score", message=message, action="file left out", file=source.file)
        table = table[known] if known.any() else None
    if table is not None:
        scores, groups = (
            _of_groups(folder, source.groups, table, source, times, rejected)
            if source.groups is not None
            else _of_lineages(folder, str(source.lineages), table, source, times, rejected)
        )
    return scores.rename_axis(index="population", columns="patient_id"), groups, rejected.frame()


def population_names(folder: Path, cohort: Cohort) -> list[str]:
    """Names of the populations that a cohort's files give finished scores of, in their spelling there."""
    sources = [*([] if cohort.cell_scores is None else [cohort.cell_scores]), *cohort.other_scores.values()]
    return [name for source in sources for name in _named(folder, source)]


def _named(folder: Path, source: CellScoreSource) -> Iterator[str]:
    unused = Rejections("")  # a run rejects when it reads the scores
    if source.groups is not None:
        yield from _groups(folder, source.groups, unused)
    elif (lineages := _lineage_map(folder, str(source.lineages), unused)) is not None:
        yield from lineages.group


def _of_groups(
    folder: Path, file: str, table: pd.DataFrame, source: CellScoreSource, times: pd.Series | None, rejected: Rejections
) -> tuple[pd.DataFrame, dict[str, str]]:
    wanted = _groups(folder, file, rejected)
    if refused := [name for name in wanted if _plain(name) in _NO_POPULATIONS or re.fullmatch(r"column_\d+", name)]:
        message = (
            f"{', '.join(map(short, refused))}: not populations, but what the deconvolution says about its fit, or a "
            f"column without a name. Delete them from {file}."
        )
        rejected.add(rule="not_a_population", message=message, action="population left out", file=file)
        wanted = {name: group for name, group in wanted.items() if name not in refused}
    table = table.rename(columns=_states_by_column(table.columns, wanted))
    for population in wanted.keys() - set(table.columns):
        message = no_column(source.file, population, table, file)
        rejected.add(rule="unknown_column", message=message, action="population left out", file=file)
    taken = [column.name for column in CELL_SCORES.all_columns]
    table = without_unusable_names(table[[name for name in table.columns if name in wanted]], taken, rejected, file)
    groups = {str(name): wanted[name] for name in table.columns}
    scores = _complete(table[list(groups)], source, rejected).T
    if source.kind == "fractions" and not _are_fractions(scores, source, rejected):
        return pd.DataFrame(dtype="float64"), {}
    return _multiplied(scores, times), groups


def _of_lineages(
    folder: Path, name: str, table: pd.DataFrame, source: CellScoreSource, times: pd.Series | None, rejected: Rejections
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Log lineages of the fractions; nothing if the map or the fractions cannot be used."""
    lineages = _lineage_map(folder, name, rejected)
    if lineages is None:
        return pd.DataFrame(dtype="float64"), {}
    table = table.rename(columns=_states_by_column(table.columns, lineages.lineage))
    states = [str(state) for state in table.columns if state in lineages.lineage]
    for state in lineages.lineage.keys() - set(states):
        message = f"{source.file} has no column {short(state)}, a state of the lineage map {name}. Add it if it exists."
        rejected.add(rule="unknown_column", message=message, action="state left out", file=source.file)
    fractions = _complete(table[states], source, rejected).T
    if len(states) and (fractions.empty or not _are_fractions(fractions, source, rejected)):
        return pd.DataFrame(dtype="float64"), {}
    try:
        scores = log_lineages(_multiplied(fractions, times), lineages)
    except ValueError as error:
        rejected.add(rule="not_fractions", message=str(error), action="file left out", file=source.file)
        return pd.DataFrame(dtype="float64"), {}
    return scores, {str(lineage): lineages.group[str(lineage)] for lineage in scores.index}


def _are_fractions(fractions: pd.DataFrame, source: CellScoreSource, rejected: Rejections) -> bool:
    """Refuse values that cannot be shares of one sample's cells: outside 0 to 1, or more than 1 in sum."""
    if fractions.empty:
        return True
    values, totals = fractions.to_numpy(), fractions.to_numpy().sum(axis=0)
    low, high, most = float(values.min()), float(values.max()), float(totals.max())
    if low >= 0 and high <= 1 and most <= _MOST_IN_SUM:
        return True
    patient = str(fractions.columns[int(totals.argmax())])
    problem = (
        f"Fractions lie between 0 and 1; these reach from {low:g} to {high:g}"
        if low < 0 or high > 1
        else f"Fractions of one sample sum to at most 1; those of {patient} sum to {most:g}"
    )
    message = f"{problem}. Divide percentages by 100, or declare `kind: scores` if they are no fractions."
    rejected.add(rule="not_fractions", message=message, action="file left out", file=source.file)
    return False


def _states_by_column(columns: Collection[str], states: Collection[str]) -> dict[str, str]:
    """The state that a column means, if its name differs only in case, spaces and punctuation.

    R writes `T.cells.regulatory..Tregs.` for `T cells regulatory (Tregs)`. Names that are the same then are left.
    """
    by_plain: dict[str, list[str]] = {}
    for state in states:
        by_plain.setdefault(_plain(state), []).append(state)
    unmatched = [str(column) for column in columns if column not in states]
    plain = [_plain(column) for column in unmatched]
    return {
        column: by_plain[key][0]
        for column, key in zip(unmatched, plain, strict=True)
        if len(by_plain.get(key, [])) == 1 and plain.count(key) == 1 and by_plain[key][0] not in columns
    }


def _plain(name: str) -> str:
    """A name in lower case without anything but letters and digits between single spaces."""
    return " ".join(re.findall(r"[^\W_]+", name.lower()))


def _multiplied(values: pd.DataFrame, times: pd.Series | None) -> pd.DataFrame:
    return values if times is None else values * times[values.columns].astype("float64")


def _lineage_map(folder: Path, name: str, rejected: Rejections) -> LineageMap | None:
    if name not in PACKAGED_LINEAGES and not Path(name).suffix:
        packaged = ", ".join(PACKAGED_LINEAGES)
        message = f"there is no lineage map {short(name)}. Use one of {packaged}, or a tab-separated file of your own."
        rejected.add(rule="file_missing", message=message, action="file left out", file=name)
        return None
    table = None if name in PACKAGED_LINEAGES else read_text_table(folder, name, rejected, raw=True)
    if table is None and name not in PACKAGED_LINEAGES:
        return None
    try:
        lineages = lineage_map(name) if table is None else _own_lineages(table, name)
    except ValueError as error:
        rejected.add(rule="file_unreadable", message=str(error), action="file left out", file=name)
        return None
    unknown = {group for group in lineages.group.values() if group not in POPULATION_GROUPS}
    for group in sorted(unknown):
        message = f"{cell(group)} is not one of the groups {', '.join(POPULATION_GROUPS)}. Correct it."
        rejected.add(rule="unknown_group", message=message, action="lineages left out", file=name)
    groups = {lineage: group for lineage, group in lineages.group.items() if group not in unknown}
    return LineageMap({s: lineage for s, lineage in lineages.lineage.items() if lineage in groups}, groups)


def _own_lineages(table: pd.DataFrame, name: str) -> LineageMap:
    text = table.apply(lambda column: column.str.strip()).fillna("")
    rows = [dict(zip(text.columns, cells, strict=True)) for cells in text.itertuples(index=False)]
    return lineages_of(list(text.columns), rows, name)


def _groups(folder: Path, file: str, rejected: Rejections) -> dict[str, str]:
    table = read_text_table(folder, file, rejected)
    if table is None:
        return {}
    if not {"population", "group"} <= set(table.columns):
        message = f"{file} should have the columns population and group; it has {', '.join(table.columns)}."
        rejected.add(rule="unknown_column", message=message, action="file left out", file=file)
        return {}
    wanted = {}
    for row in table.dropna(subset=["population"]).fillna("").itertuples():
        if row.group not in POPULATION_GROUPS:
            known = ", ".join(POPULATION_GROUPS)
            message = f"{short(row.population)} is in group {cell(row.group)}, not one of {known}. Correct it."
            rejected.add(rule="unknown_group", message=message, action="population left out", file=file)
        else:
            wanted[str(row.population)] = str(row.group)
    return wanted


def _complete(text: pd.DataFrame, source: CellScoreSource, rejected: Rejections) -> pd.DataFrame:
    """Keep patients with a number for every population; scaling across populations needs them all."""
    numbers, bad = to_numbers(text)
    for rule, cells, what in (
        ("not_a_number", bad, ", not a number"),
        ("missing_score", numbers.isna() & ~bad, "missing"),
    ):
        first: dict[str | None, str] = {}
        for patient, population, found in marked(text, cells):
            value = "" if rule == "missing_score" else cell(found)
            first.setdefault(patient, f"the score of {short(population)} is {value}{what}")
        advice = "Add a score for every population, or remove the population from the map."
        rejected.add_cases(list(first.items()), rule=rule, advice=advice, action="patient left out", file=source.file)
    return numbers[numbers.notna().all(axis=1)]
