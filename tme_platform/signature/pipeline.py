"""The pipeline of a signature and the grid it is searched over. Fitting and measuring it belong in `training`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sklearn.pipeline import Pipeline

    from tme_platform.signature.settings import SignatureSettings


def build_pipeline(
    settings: SignatureSettings, kept_features: Iterable[str] | None = None, *, compiled: bool = False
) -> Pipeline:
    """Assemble the unfitted pipeline.

    Its steps are agreement filter, median imputation, redundancy filter, selection, scaling (linear models only) and
    classifier.

    Parameters
    ----------
    settings
        The signature's settings.
    kept_features
        Names of the features that passed the agreement filter; None keeps all.
    compiled
        Whether the pipeline is only measured: it takes features that agree, without a filter, and its forest is
        `CompiledForest`. It gives the same scores as the pipeline that is stored, sooner.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    from tme_platform.signature.transformers import AgreementFilter, RedundancyFilter, TopFeatures

    kept = None if kept_features is None else sorted(kept_features)
    # a ridge penalty needs no selection: it shrinks the coefficients of useless features
    selection = "none" if settings.model == "ridge" else settings.selection
    steps: list[tuple[str, Any]] = [
        *([] if compiled else [("agreement", AgreementFilter(kept))]),
        ("impute", SimpleImputer(strategy="median")),
        ("redundancy", RedundancyFilter(settings.max_correlation)),
        ("top", TopFeatures(selection, settings.n_top, settings.search_trees, settings.seed)),
    ]
    if settings.model in ("ridge", "logistic"):
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, ("classifier", _classifier(settings, compiled))])


def parameter_grid(settings: SignatureSettings) -> list[dict[str, Any]]:
    """Return the classifier settings that the search compares; in a tie the first wins."""
    if settings.model == "ridge":
        return [{"C": c} for c in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)]
    if settings.model == "logistic":
        return [{"C": 1.0}]
    if settings.model == "gradient_boosting":
        return [{"learning_rate": rate, "max_depth": depth} for depth in (1, 2) for rate in (0.05, 0.1)]
    return [
        {"max_features": width, "min_samples_leaf": leaf}
        for leaf in settings.min_samples_leaf
        for width in settings.max_features
    ]


def search_overrides(settings: SignatureSettings) -> dict[str, int]:
    """Return the classifier settings that make the grid search faster."""
    return {"n_estimators": settings.search_trees} if settings.model == "random_forest" else {}


def _classifier(settings: SignatureSettings, compiled: bool) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    from tme_platform.signature.forest import CompiledForest

    seed, weight = settings.seed, settings.class_weight
    if settings.model in ("ridge", "logistic"):
        return LogisticRegression(class_weight=weight, max_iter=1000)
    if settings.model == "gradient_boosting":
        return HistGradientBoostingClassifier(
            max_iter=50, min_samples_leaf=5, early_stopping=False, class_weight=weight, random_state=seed
        )
    forest = CompiledForest if compiled else RandomForestClassifier
    return forest(settings.n_trees, class_weight=weight, random_state=seed)
