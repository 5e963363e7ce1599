"""The study's figures: data in, `Drawn` (a matplotlib figure and the data it shows) out. One figure per file.

No figure reads the lake, chooses a file, or opens a window. `FIGURES` lists them; `export` turns them into bytes.
"""

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
from tme_platform.figures.export import SMALL_BYTES, settle, to_pdf, to_png, to_small_png, to_svg
from tme_platform.figures.feature_cell_map import feature_cell_map
from tme_platform.figures.feature_importance import feature_importance
from tme_platform.figures.frames import VARIABLE_NAMES
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
from tme_platform.figures.registry import FIGURES, Entry, draw
from tme_platform.figures.ring_widths import ring_widths
from tme_platform.figures.roc import roc
from tme_platform.figures.scanner_effect import scanner_effect
from tme_platform.figures.segmentation import segmentation
from tme_platform.figures.tumour_purity import tumour_purity
from tme_platform.figures.tumour_subtypes import tumour_subtypes

__all__ = [
    "FIGURES",
    "SMALL_BYTES",
    "VARIABLE_NAMES",
    "Drawn",
    "Entry",
    "auc_by_size",
    "calibration",
    "cell_score_heatmap",
    "checkpoint_genes",
    "clinical_distribution",
    "cluster_votes",
    "cohort_flow",
    "cox_bubbles",
    "draw",
    "enrichment_bars",
    "enrichment_run",
    "feature_cell_map",
    "feature_importance",
    "icc_distribution",
    "kaplan_meier",
    "label_shuffles",
    "mcp_counter",
    "metric_bars",
    "model_history",
    "net_benefit",
    "population_groups",
    "rad_score_by_group",
    "reader_agreement",
    "ring_widths",
    "roc",
    "scanner_effect",
    "segmentation",
    "settle",
    "to_pdf",
    "to_png",
    "to_small_png",
    "to_svg",
    "tumour_purity",
    "tumour_subtypes",
]
