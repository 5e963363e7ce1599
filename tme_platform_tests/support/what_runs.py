"""What should run after each kind of change: what the tests expect, and the page that lists it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """A change and its consequences.

    Attributes
    ----------
    cohorts
        The only cohorts of which anything is built.
    runs
        Tables that must be built; those in `still` must not.
    counts
        Rows new, changed, unchanged and removed, by table.
    models
        New versions of the signature.
    """

    title: str
    cohorts: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    counts: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    models: int = 0


_LEARNED = ("signature", "rad_scores", "phenotype_model")
_IMAGES = ("radiomic_features", "image_regions", "perturbed_features")

CHANGES = {
    "nothing": Change("nothing"),
    "image": Change(
        "one patient added to an imaging cohort",
        ("images",),
        ("cohort_files", "imaging_series", *_IMAGES),
        ("expression", "cell_scores", "phenotype_model", "signature"),
        {"radiomic_features": (1, 0, 3, 0), "image_regions": (1, 0, 3, 0)},
    ),
    "removed": Change(
        "one patient removed from that cohort",
        ("images",),
        ("cohort_files", "imaging_series", *_IMAGES),
        ("expression", "cell_scores", "tme_phenotypes", "signature", "phenotype_model"),
        {"radiomic_features": (0, 0, 2, 1), "image_regions": (0, 0, 2, 1)},
    ),
    "mask": Change(
        "one mask edited",
        ("images",),
        ("cohort_files", "imaging_series", *_IMAGES),
        ("expression", "cell_scores", "signature", "phenotype_model"),
        {"radiomic_features": (0, 1, 2, 0)},
    ),
    "clinical_value": Change(
        "one clinical value edited (overall survival); `mri` takes its phenotypes and clinical data from this cohort",
        ("reference", "mri"),
        ("cohort_files", "patients", "survival_curves", "survival_tests", "population_survival", "signature_rivals"),
        ("cell_scores", "tme_phenotypes", "cluster_evidence", "radiomic_features", *_LEARNED),
        {"patients": (0, 1, 39, 0)},
    ),
    "clinical_patient": Change(
        "one patient added to the same clinical table (without scores or images)",
        ("reference", "mri"),
        ("cohort_files", "patients"),
        ("cell_scores", "tme_phenotypes", "radiomic_features", "signature_rivals", *_LEARNED),
        {"patients": (1, 0, 40, 0)},
    ),
    "expression": Change(
        "one patient added to an expression matrix",
        ("rna",),
        ("cohort_files", "expression", "cell_scores", "tme_phenotypes", "phenotype_model"),
        ("radiomic_features", "signature", "rad_scores"),
        {"cell_scores": (1, 0, 12, 0), "expression": (1, 0, 12, 0)},
    ),
    "features": Change(
        "one patient added to a finished feature table (without a phenotype, so training does not change)",
        ("mri",),
        ("cohort_files", "radiomic_features", "rad_scores"),
        ("expression", "cell_scores", "signature", "signature_rivals", "label_permutations", "phenotype_model"),
        {"radiomic_features": (1, 0, 40, 0), "rad_scores": (1, 0, 40, 0)},
    ),
    "setting": Change(
        "one setting changed (`patients` of `ring_width`)",
        ("images", "mri", "reference", "rna"),
        ("ring_width_features", "ring_width"),
        ("cohort_files", "image_regions", "radiomic_features", "cell_scores", *_LEARNED),
        {"ring_width_features": (0, 0, 1, 1)},
    ),
    "gene_sets": Change(
        "another collection of gene sets chosen",
        ("rna", "images", "mri"),
        ("populations", "cell_scores", "phenotype_model", "tme_phenotypes"),
        ("cohort_files", "expression", "radiomic_features", "signature", "rad_scores"),
        {"cell_scores": (0, 12, 0, 0)},
    ),
    "code_version": Change(
        "version of one step increased (`survival_curves`), run for one cohort",
        ("rna",),
        ("survival_curves",),
        ("cohort_files", "patients", "expression", "cell_scores", *_LEARNED),
    ),
    "new_cohort": Change(
        "new cohort folder, labelled by the phenotype model of another cohort",
        ("second",),
        ("cohort_files", "cohorts", "expression", "cell_scores", "tme_phenotypes"),
        ("signature", "label_permutations"),
        {"tme_phenotypes": (5, 0, 0, 0)},
    ),
}

_HEAD = """# What runs after which change

Each row is an example that `tme_platform_tests/orchestration/test_growth.py` tests: a small study is run, one thing is
changed, the study is run again, and the test checks which tables were built. The column "rebuilt" lists tables that
must be rebuilt, and "unchanged" lists tables that must not be. The column "cohorts" lists the only cohorts of which any
table is built. Tables of the whole study (such as `signature`) are rebuilt if the content that they read has changed.

| what changed | cohorts | rebuilt | unchanged | rows new / changed / unchanged / removed | new models |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page `docs/what_runs.md`."""
    lines = []
    for change in CHANGES.values():
        counts = "; ".join(
            f"`{table}` {' / '.join(map(str, numbers))}" for table, numbers in sorted(change.counts.items())
        )
        cells = (
            _names(change.cohorts),
            _names(change.runs) or "nothing",
            _names(change.still),
            counts,
            str(change.models),
        )
        lines.append(f"| {change.title} | {' | '.join(cells)} |\n")
    return _HEAD + "".join(lines)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
