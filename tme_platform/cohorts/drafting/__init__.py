"""Draft the cohort file of a landing folder from the files in it: `draft_cohort`.

Whatever is guessed is marked in the draft, and what is in doubt is left as a comment; nothing is read that a run would
not read. Writing the files belongs to the command.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tme_platform.cohorts._tables import read_text_table
from tme_platform.cohorts.declaration import Role
from tme_platform.cohorts.drafting.clinical import DraftTable, Key, draft_clinical, key_of
from tme_platform.cohorts.drafting.expression import DraftExpression, draft_expression
from tme_platform.cohorts.drafting.imaging import DraftManifest, draft_manifest
from tme_platform.cohorts.drafting.look import Seen, fractions_of, has_groups, look
from tme_platform.cohorts.drafting.text import (
    NOT_STATED,
    clinical_lines,
    expression_lines,
    scalar,
    table_lines,
    unused_lines,
)
from tme_platform.cohorts.files import list_paths
from tme_platform.cohorts.folders import COHORT_FILE, refuse_unfinished
from tme_platform.cohorts.rejections import Rejections

__all__ = ["Draft", "draft_cohort"]

MANIFEST = "imaging.csv"
_ENOUGH_TO_TRAIN = 60


@dataclass(frozen=True)
class Draft:
    """What was drafted.

    Attributes
    ----------
    text
        The cohort file.
    manifest
        The imaging manifest; None if there are no images, or the folder has one.
    found
        A sentence for each thing that was found.
    guesses
        Number of lines that say that they are guessed.
    """

    text: str
    manifest: str | None
    found: tuple[str, ...]
    guesses: int


@dataclass
class _Found:
    """The parts of a cohort as far as they were recognised."""

    expression: DraftExpression | None = None
    features: tuple[Seen, Key] | None = None
    scores: tuple[Seen, Key, dict[str, object], str] | None = None
    manifest: DraftManifest | None = None
    listed: Seen | None = None
    clinical: tuple[DraftTable, ...] = ()

    @property
    def measured(self) -> frozenset[str]:
        """Patients with expression or scores."""
        expression = self.expression.patients if self.expression is not None and not self.expression.doubt else None
        return expression or (self.scores[1].patients if self.scores is not None else frozenset())

    @property
    def imaged(self) -> frozenset[str]:
        """Patients with features or outlines."""
        if self.features is not None:
            return self.features[1].patients
        return self.manifest.patients if self.manifest is not None else frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """Canonical clinical columns that can be read."""
        return frozenset(one.name for table in self.clinical for one in table.columns if not one.doubt)


def draft_cohort(folder: Path) -> Draft:
    """Draft the cohort file of a landing folder.

    Parameters
    ----------
    folder
        The landing folder; its own cohort file, if there is one, is not looked at.

    Raises
    ------
    CohortError
        A marker says that the folder is being filled.
    ValueError
        The folder has no file that could be used.
    """
    refuse_unfinished(folder)
    files = [file for file in list_paths(folder) if file != COHORT_FILE]
    seen = list(look(folder, files))
    found, used = _recognise(folder, files, seen)
    if not (found.measured or found.imaged or found.clinical):
        told = "; ".join(f"{one.label}: {one.problem}" for one in seen if one.problem)
        raise ValueError(
            f"no file in {folder} is recognised: put a clinical table, an expression matrix (genes in rows), features, "
            f"or images with outlines there{f' ({told})' if told else ''}"
        )
    lines = _lines(folder.name, found, [one for one in seen if one not in used])
    guesses = sum("# guessed" in line for line in lines)
    manifest = found.manifest.text if found.manifest is not None and found.listed is None else None
    return Draft("\n".join(lines) + "\n", manifest, tuple(_said(found)), guesses)


def _recognise(folder: Path, files: list[str], seen: list[Seen]) -> tuple[_Found, list[Seen]]:
    of = {kind: [one for one in seen if one.kind == kind] for kind in {one.kind for one in seen}}
    found, used = _Found(), []
    for one in sorted(of.get("expression", []), key=lambda one: -(folder / one.file).stat().st_size):
        if found.expression is None and (drafted := draft_expression(folder, one, of.get("genes", []))) is not None:
            found.expression = drafted
            used += [one, *(gene for gene in of.get("genes", []) if gene.file == drafted.source.gene_map)]
    has_expression = found.expression is not None and not found.expression.doubt
    for one in [] if has_expression else of.get("fractions", []):
        if found.scores is None and (key := _key_of(folder, one, found.measured)) is not None:
            lineages = fractions_of([str(name) for name in _table(one).columns])
            fields: dict[str, object] = {"kind": "fractions", "lineages": lineages, "method": NOT_STATED}
            found.scores = one, key, fields, f"columns are the cells of {lineages}"
            used.append(one)
    for one in [*of.get("features", []), *of.get("clinical", [])]:
        used += [] if has_expression else _scores(folder, one, of.get("groups", []), found)
    for one in of.get("features", []):
        if one not in used and found.features is None and (key := _key_of(folder, one, found.measured)) is not None:
            found.features = one, key
            used.append(one)
    found.listed = next(iter(of.get("manifest", [])), None)
    used += of.get("manifest", [])
    known = {name for part in (found.measured, found.imaged) for name in part}
    tables = of.get("clinical", [])
    found.clinical = tuple(t for one in tables if (t := draft_clinical(folder, one, known)) is not None)
    known |= {name for table in found.clinical for name in table.key.patients}
    found.manifest = draft_manifest(folder, files, known)
    return found, used + [table.seen for table in found.clinical]


def _scores(folder: Path, one: Seen, groups: list[Seen], found: _Found) -> list[Seen]:
    """A table by patient is taken for scores if a table of groups names its columns."""
    names = set(map(str, _table(one).columns))
    for group in groups:
        populations = set(_table(group).iloc[:, 0].dropna().astype(str))
        if (
            found.scores is not None
            or not has_groups(_table(group))
            or len(names & populations) <= len(populations) / 2
        ):
            continue
        if (key := _key_of(folder, one, ())) is not None:
            fields: dict[str, object] = {"groups": group.file, "method": NOT_STATED}
            found.scores = one, key, fields, "columns are the populations of the table of groups"
            return [one, group]
    return []


def _key_of(folder: Path, one: Seen, known: Collection[str]) -> Key | None:
    table = read_text_table(folder, one.file, Rejections(""), sheet=one.sheet)
    return None if table is None or table.empty else key_of(table, known)


def _table(one: Seen) -> pd.DataFrame:
    assert one.table is not None  # noqa: S101 (only what was read has a kind)
    return one.table


def _lines(name: str, found: _Found, unused: list[Seen]) -> list[str]:
    roles, why = _roles(found)
    lines = [
        f"# Drafted by `tme init {name}` from the files of this folder. Every line with a guess says so: check it, and",
        f"# fill in what is {NOT_STATED}. `tme check {name}` says what each file and column is taken for.",
        f"title: {scalar(name)}  # fill in",
        f"roles: [{', '.join(role.value for role in roles)}]  # guessed: {why}",
        "provenance:",
        "  kind: real  # guessed; `simulated` labels everything that is derived from it",
        f"  source: {NOT_STATED}",
        f"  licence: {NOT_STATED}",
        "",
    ]
    for block in _blocks(found, roles):
        lines += [*block, ""]
    return lines + unused_lines(unused)


def _blocks(found: _Found, roles: list[Role]) -> list[list[str]]:
    blocks = []
    if found.expression is not None:
        blocks.append(expression_lines(found.expression))
    if found.scores is not None:
        blocks.append(table_lines("cell_scores", *found.scores))
    if found.features is not None:
        fields: dict[str, object] = {"feature_set": "own_features"}
        blocks.append(table_lines("features", *found.features, fields, "a table of numbers, one row per patient"))
    if found.listed is not None:
        blocks.append([f"imaging: {{manifest: {scalar(found.listed.file)}}}"])
    elif found.manifest is not None and found.manifest.rows:
        blocks.append(_imaging(found.manifest))
    if clinical := list(clinical_lines(found.clinical)):
        blocks.append([*clinical, *_endpoints(found.columns)])
    if found.measured:
        blocks.append(["phenotypes: {by: fit}  # guessed; `by: patient` or `by: model` takes them from another cohort"])
    if {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION} <= set(roles):
        blocks.append(["split: {fraction: 0.2, seed: 2024}  # guessed: a fifth of the patients validates"])
    return blocks


def _imaging(manifest: DraftManifest) -> list[str]:
    series = sorted({row.series for row in manifest.rows})
    lines = ["# guessed: pairs of image and outline in imaging.csv, by their places and names"]
    if len(series) == 1:
        return [*lines, f"imaging: {{manifest: {MANIFEST}}}"]
    counts = {name: sum(row.series == name for row in manifest.rows) for name in series}
    most = max(series, key=lambda name: counts[name])
    listed = ", ".join(map(scalar, series[:6])) + (", ..." if len(series) > 6 else "")
    return [*lines, f"imaging: {{manifest: {MANIFEST}, series: {scalar(most)}}}  # guessed: of the series {listed}"]


def _endpoints(columns: frozenset[str]) -> list[str]:
    """What is analysed without a declaration, as a comment."""
    timed = [name for name in ("os", "pfs", "dfs", "rfs", "dmfs") if {f"{name}_days", f"{name}_event"} <= columns]
    of = {
        "pcr": ["pcr"],
        "recist": ["objective_response", "disease_control"],
        "cd8_percent": ["inflamed"],
        "immune_phenotype": ["inflamed"],
        "pd_l1": ["pd_l1_positive"],
    }
    classed = [name for column, names in of.items() if column in columns for name in names]
    listed = list(dict.fromkeys([*timed, *classed]))
    return [f"# endpoints by these columns: {', '.join(listed)}; declare others under `endpoints`"] if listed else []


def _roles(found: _Found) -> tuple[list[Role], str]:
    """Roles that the files allow, and why."""
    measured, imaged, columns = found.measured, found.imaged, found.columns
    immune = {"cd8_percent", "immune_phenotype", "pd_l1"} & columns
    roles: list[Role] = []
    both = len(measured & imaged)
    if both >= _ENOUGH_TO_TRAIN:
        roles, why = [Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION], "many patients have populations and images"
    elif both:
        roles, why = [Role.SIGNATURE_VALIDATION], "patients have populations and images"
    elif measured:
        roles, why = (
            [Role.PHENOTYPE_REPLICATION],
            "there are populations or expression, and no images of the same patients",
        )
    elif "recist" in columns or immune:
        why = "there are outcomes, and no expression"
    elif imaged and found.features is None:
        roles, why = [Role.IMAGING_METHODS], "there are images, and neither expression nor outcomes"
    elif imaged:
        roles, why = [Role.SIGNATURE_VALIDATION], "there are features; whose phenotypes they have is still open"
    else:
        roles, why = [Role.SIGNATURE_VALIDATION], "there are neither images, features nor expression yet"
    roles += [Role.IMMUNOTHERAPY] if "recist" in columns else []
    roles += [Role.IMMUNE_PHENOTYPE] if immune else []
    return roles, why


def _said(found: _Found) -> list[str]:
    said = []
    if (expression := found.expression) is not None:
        doubt = f"; not declared yet: {expression.doubt}" if expression.doubt else ""
        said.append(f"{expression.source.file}: expression of {len(expression.patients):,} patients{doubt}")
    if found.scores is not None:
        said.append(f"{found.scores[0].label}: cell scores of {len(found.scores[1].patients):,} patients")
    if found.features is not None:
        said.append(f"{found.features[0].label}: features of {len(found.features[1].patients):,} patients")
    for table in found.clinical:
        names = [column.name for column in table.columns if not column.doubt]
        doubtful = [column.name for column in table.columns if column.doubt]
        more = f"; in doubt: {', '.join(doubtful)}" if doubtful else ""
        mapped = ", ".join(names) or "no column recognised"
        said.append(f"{table.seen.label}: clinical table of {len(table.key.patients):,} patients: {mapped}{more}")
    if found.listed is not None:
        said.append(f"{found.listed.file}: list of images and outlines")
    elif found.manifest is not None:
        said.append(
            f"{len(found.manifest.rows):,} outlines of {len(found.manifest.patients):,} patients, in {MANIFEST}"
        )
        if found.manifest.alone:
            said.append(f"{len(found.manifest.alone):,} image files without a partner are not in {MANIFEST}")
    return said
