"""Read a stored pipeline that nobody vouches for: only what `build_pipeline` makes is ever constructed or run.

A skops file names the types that it is made of, and trees whose indices scikit-learn follows without looking. So the
types are compared with a fixed list before anything is constructed, and the trees are checked before they are used.
Where the file comes from belongs in ``tracking``.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.signature.identity import SKOPS_TRUSTED_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import Pipeline

    _Whole = NDArray[np.int64]

MAX_MODEL_BYTES = 1 << 30
"""Largest stored model, also when inflated: a forest of 1,000 trees takes 40 MB."""
_MAX_FILES = 1_000_000
_SCHEMA = "schema.json"
_SHOWN = 5
_CLASSES = 2
_TREE_LEAF = -1
"""What scikit-learn takes for the end of a branch, and nothing else."""
_NPY = b"\x93NUMPY"
_NODE = np.dtype(
    [
        *(("value", "f8"), ("count", "u4"), ("feature_idx", "i8"), ("num_threshold", "f8")),
        *(("missing_go_to_left", "u1"), ("left", "u4"), ("right", "u4"), ("gain", "f8"), ("depth", "u4")),
        *(("is_leaf", "u1"), ("bin_threshold", "u1"), ("is_categorical", "u1"), ("bitset_idx", "u4")),
    ]
)
"""A node of boosted trees in scikit-learn 1.9, which changes the values of any other type as it reads them."""

_HISTOGRAM = "sklearn.ensemble._hist_gradient_boosting"
_TYPES = {
    "DTypeNode": {"numpy.dtype"},
    "DictNode": {"builtins.dict"},
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "LossNode": {"sklearn._loss._loss.CyHalfBinomialLoss"},
    "NdArrayNode": {"numpy.ndarray", "numpy.float64", "numpy.int64", "numpy.uint64"},
    "ObjectNode": {
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        f"{_HISTOGRAM}.binning._BinMapper",
        f"{_HISTOGRAM}.gradient_boosting.HistGradientBoostingClassifier",
        f"{_HISTOGRAM}.predictor.TreePredictor",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "tme_platform.signature.transformers.AgreementFilter",
        "tme_platform.signature.transformers.RedundancyFilter",
        "tme_platform.signature.transformers.TopFeatures",
    },
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {"builtins.str"},
}
"""All types that a signature is made of, by the way in which skops stores them."""


class StoredModelError(ValueError):
    """A stored model is not one of ours, or is damaged; nothing of it was run. The message says what was found."""


def read_pipeline(data: bytes) -> Pipeline:
    """Read the pipeline of a signature from the content of a skops file.

    Raises
    ------
    StoredModelError
        The file has other types than a signature, is damaged, or is larger than `MAX_MODEL_BYTES`; or its trees or
        scores cannot be those of a signature.
    """
    import skops.io

    if foreign := sorted(_types(data) - {(kind, name) for kind, names in _TYPES.items() for name in names}):
        shown = ", ".join(f"{name} ({kind})" for kind, name in foreign[:_SHOWN])
        more = f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
        raise StoredModelError(f"it has types that no signature is made of: {shown}{more}")
    try:
        with warnings.catch_warnings():  # of another version of scikit-learn
            warnings.simplefilter("ignore")
            pipeline = skops.io.loads(data, trusted=list(SKOPS_TRUSTED_TYPES))
            _check(pipeline, data)
    except StoredModelError:
        raise
    except Exception as error:  # whatever an altered file makes the libraries say
        raise StoredModelError(f"it is damaged or was altered ({type(error).__name__})") from error
    return pipeline


def _types(data: bytes) -> set[tuple[str, str]]:
    """Every type in the file with the way in which it is stored; nothing is constructed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if len(members) > _MAX_FILES or sum(one.file_size for one in members) > MAX_MODEL_BYTES:
                raise StoredModelError(f"it inflates to more than {MAX_MODEL_BYTES >> 20} MiB, as no signature does")
            todo: list[Any] = [json.loads(packed.read(_SCHEMA))]
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError, OSError, NotImplementedError) as error:
        if isinstance(error, StoredModelError):
            raise
        raise StoredModelError(f"it is not a skops file, or is damaged ({type(error).__name__})") from error
    found = set()
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                name = f"{node.get('__module__')}.{node.get('__class__')}"
                found.add((_printable(node["__loader__"]), _printable(name)))
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return found


def _printable(text: object) -> str:
    return str(text) if str(text).isprintable() else ascii(text)


def _check(pipeline: Any, data: bytes) -> None:  # noqa: ANN401 - whatever the file made
    """Check what scikit-learn does not: that no tree leads out of its arrays; then, that a patient gets a score."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.pipeline import Pipeline

    if type(pipeline) is not Pipeline:
        raise StoredModelError("it is not a pipeline")
    _check_steps(tuple(type(step) for _, step in pipeline.steps))
    names = [str(name) for name in pipeline.feature_names_in_]
    somebody = pd.DataFrame(np.zeros((1, len(names))), columns=names)
    width = pipeline[:-1].transform(somebody).shape[1]
    classifier = pipeline[-1]
    if isinstance(classifier, RandomForestClassifier):
        _check_forest(classifier, width)
    elif isinstance(classifier, HistGradientBoostingClassifier):
        _check_boosting(data, width)
    scores = np.asarray(pipeline.predict_proba(somebody), dtype=np.float64)
    if scores.shape != (1, 2) or not ((scores >= 0) & (scores <= 1)).all():
        raise StoredModelError("its scores are not shares of hot and cold")


def _check_steps(kinds: tuple[type, ...]) -> None:
    """Check that the steps are those of `build_pipeline`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    from tme_platform.signature.transformers import AgreementFilter, RedundancyFilter, TopFeatures

    first = (AgreementFilter, SimpleImputer, RedundancyFilter, TopFeatures)
    last = ((RandomForestClassifier,), (HistGradientBoostingClassifier,), (StandardScaler, LogisticRegression))
    if kinds[:4] != first or kinds[4:] not in last:
        raise StoredModelError(f"its steps are not those of a signature: {', '.join(kind.__name__ for kind in kinds)}")


def _check_forest(forest: RandomForestClassifier, width: int) -> None:
    from sklearn.tree import DecisionTreeClassifier

    for one in forest.estimators_:
        if type(one) is not DecisionTreeClassifier:
            raise StoredModelError(f"its forest has an estimator of type {type(one).__name__} among its trees")
        tree = one.tree_
        if not 0 < tree.node_count == tree.capacity or tree.n_outputs != 1 or tree.max_n_classes != _CLASSES:
            raise StoredModelError("a tree of its forest is damaged or was altered")
        _check_nodes(tree.children_left, tree.children_right, tree.feature, tree.children_left == _TREE_LEAF, width)


def _check_boosting(data: bytes, width: int) -> None:
    """Check all trees that the file has: scikit-learn does not show those of a fitted classifier."""
    for nodes in _node_arrays(data):
        if nodes.dtype != _NODE or nodes.ndim != 1 or not len(nodes) or nodes["is_categorical"].any():
            raise StoredModelError("a tree of its classifier is damaged or was altered")
        left, right = (nodes[side].astype(np.int64) for side in ("left", "right"))
        _check_nodes(left, right, nodes["feature_idx"], nodes["is_leaf"].astype(bool), width)


def _node_arrays(data: bytes) -> Iterator[Any]:
    """Every array of records in the file, whatever it is called there."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for member in packed.infolist():
            content = packed.read(member)
            if content.startswith(_NPY):
                array = np.load(io.BytesIO(content), allow_pickle=False)
                if array.dtype.kind == "V":
                    yield array


def _check_nodes(left: _Whole, right: _Whole, feature: _Whole, leaf: NDArray[np.bool_], width: int) -> None:
    """Check that every branch leads to later nodes of the tree, so that it ends, and asks for features that exist."""
    inner = ~leaf
    here, last = np.arange(len(left))[inner], len(left)
    for child in (left[inner], right[inner]):
        if not ((child > here) & (child < last)).all():
            raise StoredModelError("a tree leads out of its own nodes: the model is damaged or was altered")
    if not ((feature[inner] >= 0) & (feature[inner] < width)).all():
        raise StoredModelError(f"a tree asks for other than its {width} features: the model is damaged or was altered")
