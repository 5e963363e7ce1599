"""Which figures there are: name, function, title, caption, and the lake's tables each is drawn from.

The report and the metadata of Dagster go through this list; what a figure looks like stands in its own file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from tme_platform.figures.auc_by_size import auc_by_size
from tme_platform.figures.calibration import calibration
from tme_platform.figures.canvas import Drawn
from tme_platform.figures.cell_score_heatmap import cell_score_heatmap
from tme_platform.figures.checkpoint_genes import checkpoint_genes
from tme_platform.figures.clinical_distribution import clinical_distribution
from tme_platform.figures.cluster_votes import cluster_votes
from tme_platform.figures.cohort_flow import cohort_flow
from tme_platform.figures.cox_bubbles import cox_bubbles
from tme_platform.figures.enrichment_bars import enrichment_bars
from tme_platform.figures.enrichment_run import enrichment_run
from tme_platform.figures.feature_cell_map import feature_cell_map
from tme_platform.figures.feature_importance import feature_importance
from tme_platform.figures.icc_distribution import icc_distribution
from tme_platform.figures.kaplan_meier import kaplan_meier
from tme_platform.figures.label_shuffles import label_shuffles
from tme_platform.figures.mcp_counter import mcp_counter
from tme_platform.figures.metric_bars import metric_bars
from tme_platform.figures.model_history import model_history
from tme_platform.figures.net_benefit import net_benefit
from tme_platform.figures.population_groups import population_groups
from tme_platform.figures.rad_score_by_group import rad_score_by_group
from tme_platform.figures.reader_agreement import reader_agreement
from tme_platform.figures.ring_widths import ring_widths
from tme_platform.figures.roc import roc
from tme_platform.figures.scanner_effect import scanner_effect
from tme_platform.figures.segmentation import segmentation
from tme_platform.figures.tumour_purity import tumour_purity
from tme_platform.figures.tumour_subtypes import tumour_subtypes


@dataclass(frozen=True)
class Entry:
    """A figure of the study.

    Attributes
    ----------
    function
        Draws it. A parameter that takes a table has the table's name, so frames go in as they come from the lake.
    title
        For a heading.
    caption
        What it shows, for a reader who has not seen the code.
    main_table
        The table it is about, and the asset whose metadata it belongs to.
    """

    function: Callable[..., Drawn]
    title: str
    caption: str
    main_table: str

    @property
    def name(self) -> str:
        """Name of the figure and of its function."""
        return str(self.function.__name__)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that it can take, in the order of its parameters; those after the first may be absent."""
        return tuple(
            name
            for name, parameter in inspect.signature(self.function).parameters.items()
            if "DataFrame" in str(parameter.annotation)
        )

    @property
    def required(self) -> tuple[str, ...]:
        """The tables without which it cannot be drawn."""
        parameters = inspect.signature(self.function).parameters
        return tuple(name for name in self.tables if parameters[name].default is inspect.Parameter.empty)

    @property
    def per_cohort(self) -> bool:
        """Whether it shows one cohort at a time."""
        return "cohort" in inspect.signature(self.function).parameters


_ENTRIES = (
    Entry(
        cohort_flow,
        "From patients to rad-scores",
        "Patients of each cohort at each stage of the study, and input rows that were rejected.",
        "patients",
    ),
    Entry(
        cluster_votes,
        "Number of clusters",
        "Mean silhouette width by number of clusters, and how many of NbClust's indices choose each.",
        "cluster_evidence",
    ),
    Entry(
        cell_score_heatmap,
        "Cell populations by cluster",
        "Scores of all populations, scaled within each tumour; tumours by cluster and within it by immune mean.",
        "cell_scores",
    ),
    Entry(
        population_groups,
        "Groups of cell populations by phenotype",
        "Mean score of adaptive, activated innate, inactivated innate and non-immune populations, hot against cold.",
        "tme_phenotypes",
    ),
    Entry(
        mcp_counter,
        "MCP-counter by phenotype",
        "MCP-counter scores of hot and cold tumours; they read the same RNA as the cell scores.",
        "mcp_counter_scores",
    ),
    Entry(
        tumour_purity,
        "Tumour purity by phenotype",
        "Published tumour purity by ESTIMATE, ABSOLUTE, LUMP and immunohistochemistry, hot against cold.",
        "phenotype_characteristics",
    ),
    Entry(
        tumour_subtypes,
        "Intrinsic subtypes by phenotype",
        "Share of each intrinsic subtype among hot and among cold tumours with its 95 % confidence interval.",
        "phenotype_characteristics",
    ),
    Entry(
        clinical_distribution,
        "Clinical variables by phenotype",
        "Share of each level of the clinical variables with its 95 % confidence interval; numbers as quartiles.",
        "phenotype_characteristics",
    ),
    Entry(
        kaplan_meier,
        "Overall survival by phenotype",
        "Kaplan-Meier curves with 95 % confidence bands, numbers at risk, log-rank test and hazard ratio.",
        "survival_curves",
    ),
    Entry(
        cox_bubbles,
        "Survival and cell populations",
        "Hazard ratio per standard deviation of each population (colour) and -log10 FDR (size) in all, hot and cold "
        "tumours; beside it the 95 % confidence intervals in all tumours.",
        "population_survival",
    ),
    Entry(
        checkpoint_genes,
        "Immune checkpoint genes by phenotype",
        "Expression of the eight checkpoint genes in hot and cold tumours with the false discovery rate of each.",
        "expression",
    ),
    Entry(
        enrichment_bars,
        "Gene sets, hot against cold",
        "Normalised enrichment score of the gene sets with the smallest FDR on either side.",
        "pathway_enrichment",
    ),
    Entry(
        enrichment_run,
        "Running sums of gene sets",
        "GSEA's running sum along the genes ranked from higher in hot to higher in cold tumours, of the set with the "
        "smallest FDR on either side.",
        "pathway_enrichment",
    ),
    Entry(
        segmentation,
        "Tumour and ring",
        "The outline of median volume and the ring round its border, on the slice where the tumour is largest.",
        "tumour_slice",
    ),
    Entry(
        reader_agreement,
        "Agreement of the outlines",
        "Dice coefficient and Hausdorff distance of outlines of the same tumour, between readers and between sessions.",
        "reader_overlap",
    ),
    Entry(
        icc_distribution,
        "Agreement of the features",
        "Intraclass correlation of the features and its lower 95 % limit, between readers, sessions, or under "
        "perturbation where nobody read twice.",
        "feature_agreement",
    ),
    Entry(
        ring_widths,
        "Ring features by width of the ring",
        "How alike the ring's features rank the patients at other widths than the study's, and how far they move.",
        "ring_width",
    ),
    Entry(
        scanner_effect,
        "Scanners before and after harmonisation",
        "Patients on the first two principal components before and after ComBat, by scanner.",
        "harmonisation_effect",
    ),
    Entry(
        feature_importance,
        "Features of the signature",
        "The first features by impurity, and the loss of AUC when each is shuffled in held-out folds.",
        "signature_importance",
    ),
    Entry(
        roc,
        "ROC curves of the rad-score",
        "ROC curve of each cohort and endpoint with AUC and 95 % confidence interval; discovery out of fold.",
        "roc_curves",
    ),
    Entry(
        metric_bars,
        "Metrics of the rad-score",
        "AUC, accuracy, sensitivity, specificity and predictive values by cohort with 95 % confidence intervals.",
        "cohort_metrics",
    ),
    Entry(
        calibration,
        "Calibration of the rad-score",
        "Observed against predicted shares with 95 % confidence intervals, and how the scores are spread.",
        "reliability_curves",
    ),
    Entry(
        net_benefit,
        "Net benefit of acting on the rad-score",
        "Decision curves: net benefit of acting on the rad-score, on everybody and on nobody.",
        "decision_curves",
    ),
    Entry(
        rad_score_by_group,
        "Rad-score by clinical group",
        "Median, quartiles and mean of the rad-score by phenotype, stage, subtype, receptors and response.",
        "rad_score_groups",
    ),
    Entry(
        feature_cell_map,
        "Features and cell populations",
        "Spearman's correlation of the signature's first features with the cell populations of the same patients.",
        "feature_cell_correlation",
    ),
    Entry(
        auc_by_size,
        "AUC by number of patients",
        "Cross-validated AUC in random parts of discovery of growing size.",
        "learning_curve",
    ),
    Entry(
        label_shuffles,
        "AUC with shuffled labels",
        "Cross-validated AUC with the true labels beside its distribution under shuffled ones.",
        "label_permutations",
    ),
    Entry(
        model_history,
        "Versions of the signature",
        "Out-of-fold and apparent AUC of each version of the signature, and how many patients trained it.",
        "signature",
    ),
)

FIGURES: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""Name -> figure, in the order of the study."""


def draw(name: str, tables: Mapping[str, pd.DataFrame], **options: object) -> Drawn:
    """Draw a figure from tables by name; those it does not know are passed over.

    Parameters
    ----------
    name
        One of `FIGURES`.
    tables
        Table name -> frame as the lake has it.
    **options
        Further arguments of the function: ``cohort``, ``analysis``, ``collection``, ...

    Raises
    ------
    KeyError
        There is no such figure, or a table that it needs is missing.
    """
    if name not in FIGURES:
        raise KeyError(f"there is no figure {name!r}: there are {', '.join(FIGURES)}")
    entry = FIGURES[name]
    missing = [table for table in entry.required if table not in tables]
    if missing:
        raise KeyError(f"the figure {name!r} needs the table {missing[0]!r}")
    return entry.function(**{table: tables[table] for table in entry.tables if table in tables}, **options)
