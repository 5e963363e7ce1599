"""Define immune phenotypes: scaling, k-means, number of clusters, hot and cold labels, their stability and meaning.

Cell scores belong in `expression`, survival by phenotype in `survival`, figures in `figures`.
"""

from tme_platform.phenotypes.assignment import assign_phenotypes
from tme_platform.phenotypes.cautions import Caution, contradictions, inflamed_share, number_of_clusters, one_cloud
from tme_platform.phenotypes.characteristics import characterise, group_means
from tme_platform.phenotypes.choice import ClusterChoice, choose_k
from tme_platform.phenotypes.cluster_null import compare_with_cloud
from tme_platform.phenotypes.fitting import IMMUNE_GROUPS, fit_phenotypes
from tme_platform.phenotypes.gap import gap_statistic
from tme_platform.phenotypes.kmeans import KMeansFit, fit_kmeans, kmeans_partitions
from tme_platform.phenotypes.labels import LabelChange, adjusted_rand_index, compare_labels
from tme_platform.phenotypes.model import PhenotypeModel
from tme_platform.phenotypes.nbclust import NbClust, nbclust
from tme_platform.phenotypes.scaling import (
    PopulationScale,
    Scaling,
    constant_populations,
    scale_samples,
    scale_scores,
)
from tme_platform.phenotypes.separation import separation
from tme_platform.phenotypes.silhouette import silhouette_by_k, silhouette_by_sample
from tme_platform.phenotypes.specifications import SpecificationLabels, label_by
from tme_platform.phenotypes.stability import bootstrap_jaccard, label_agreement, label_stability_over_k

__all__ = [
    "IMMUNE_GROUPS",
    "Caution",
    "ClusterChoice",
    "KMeansFit",
    "LabelChange",
    "NbClust",
    "PhenotypeModel",
    "PopulationScale",
    "Scaling",
    "SpecificationLabels",
    "adjusted_rand_index",
    "assign_phenotypes",
    "bootstrap_jaccard",
    "characterise",
    "choose_k",
    "compare_labels",
    "compare_with_cloud",
    "constant_populations",
    "contradictions",
    "fit_kmeans",
    "fit_phenotypes",
    "gap_statistic",
    "group_means",
    "inflamed_share",
    "kmeans_partitions",
    "label_agreement",
    "label_by",
    "label_stability_over_k",
    "nbclust",
    "number_of_clusters",
    "one_cloud",
    "scale_samples",
    "scale_scores",
    "separation",
    "silhouette_by_k",
    "silhouette_by_sample",
]
