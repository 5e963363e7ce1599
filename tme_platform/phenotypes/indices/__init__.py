"""The 26 indices of NbClust's ``index = "all"`` (Charrad et al. 2014), each a function of one `Level`.

An undefined index raises `UndefinedIndexError` with the reason. The choice of k by each index belongs in `rules`, the
vote in `tme_platform.phenotypes.nbclust`. Where NbClust 3.0.1 differs from the publication, the code follows NbClust
and the docstring says so.
"""

from __future__ import annotations

from collections.abc import Callable

from tme_platform.phenotypes.indices.ccc import ccc
from tme_platform.phenotypes.indices.cindex import cindex
from tme_platform.phenotypes.indices.davies_bouldin import davies_bouldin
from tme_platform.phenotypes.indices.dindex import dindex
from tme_platform.phenotypes.indices.duda import beale, beale_p, duda, duda_critical, pseudo_t2, pseudo_t2_critical
from tme_platform.phenotypes.indices.dunn import dunn
from tme_platform.phenotypes.indices.frey_mcclain import frey, mcclain
from tme_platform.phenotypes.indices.hubert import hubert
from tme_platform.phenotypes.indices.level import Data, Level, Partition, UndefinedIndexError
from tme_platform.phenotypes.indices.point_biserial import point_biserial
from tme_platform.phenotypes.indices.scatter import friedman, marriot, rubin, scott, tr_cov_w, trace_w
from tme_platform.phenotypes.indices.sd import sd_bw, sd_index
from tme_platform.phenotypes.indices.silhouette import silhouette
from tme_platform.phenotypes.indices.traces import ball, ch, hartigan, kl, ratkowsky

__all__ = ["CRITICAL_VALUES", "INDICES", "Data", "Level", "Partition", "UndefinedIndexError"]

INDICES: dict[str, Callable[[Level], float]] = {
    "KL": kl,
    "CH": ch,
    "Hartigan": hartigan,
    "CCC": ccc,
    "Scott": scott,
    "Marriot": marriot,
    "TrCovW": tr_cov_w,
    "TraceW": trace_w,
    "Friedman": friedman,
    "Rubin": rubin,
    "Cindex": cindex,
    "DB": davies_bouldin,
    "Silhouette": silhouette,
    "Duda": duda,
    "Pseudot2": pseudo_t2,
    "Beale": beale,
    "Ratkowsky": ratkowsky,
    "Ball": ball,
    "PtBiserial": point_biserial,
    "Frey": frey,
    "McClain": mcclain,
    "Dunn": dunn,
    "Hubert": hubert,
    "SDindex": sd_index,
    "Dindex": dindex,
    "SDbw": sd_bw,
}

CRITICAL_VALUES: dict[str, Callable[[Level], float]] = {
    "CritValue_Duda": duda_critical,
    "CritValue_PseudoT2": pseudo_t2_critical,
    "Fvalue_Beale": beale_p,
}
