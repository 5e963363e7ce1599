"""Immune phenotypes: scaling, k-means, the number of clusters, naming hot and cold, keeping the names, what they mean.

Cell scores come in from `expression`; survival by phenotype is in `survival`. Nothing here stores or draws.
"""

from tme_platform.phenotypes.assignment import assign_phenotypes
from tme_platform.phenotypes.choice import ClusterChoice, choose_k
from tme_platform.phenotypes.fitting import IMMUNE_GROUPS, fit_phenotypes
from tme_platform.phenotypes.kmeans import KMeansFit, fit_kmeans, kmeans_partitions
from tme_platform.phenotypes.labels import LabelChange, adjusted_rand_index, compare_labels
from tme_platform.phenotypes.model import PhenotypeModel
from tme_platform.phenotypes.nbclust import NbClust, nbclust
from tme_platform.phenotypes.scaling import scale_samples
from tme_platform.phenotypes.silhouette import silhouette_by_k

__all__ = [
    "IMMUNE_GROUPS",
    "ClusterChoice",
    "KMeansFit",
    "LabelChange",
    "NbClust",
    "PhenotypeModel",
    "adjusted_rand_index",
    "assign_phenotypes",
    "choose_k",
    "compare_labels",
    "fit_kmeans",
    "fit_phenotypes",
    "kmeans_partitions",
    "nbclust",
    "scale_samples",
    "silhouette_by_k",
]
