"""What can be set about the signature. How a setting is used belongs to the file that uses it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MaxFeatures = Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)]


class SignatureSettings(BaseModel):
    """Settings of a signature; the defaults are the published study's where it states them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["random_forest", "l1_logistic", "gradient_boosting", "logistic"] = "random_forest"
    """The published study trains a forest; the others are challengers, trained and measured the same way. `logistic` is
    ridge regression, for a handful of variables."""
    n_splits: Annotated[int, Field(ge=2)] = 5
    """Folds of the outer and of the inner cross-validation."""
    n_repeats: Annotated[int, Field(ge=1)] = 4
    """How often the outer cross-validation is drawn anew."""
    n_trees: Annotated[int, Field(ge=1)] = 100
    search_trees: Annotated[int, Field(ge=1)] = 50
    """Trees while the grid is searched and while top features are found; what is then fitted has `n_trees`."""
    max_features: tuple[MaxFeatures, ...] = ("sqrt", 0.5)
    """Grid: features tried at a split."""
    min_samples_leaf: tuple[Annotated[int, Field(ge=1)], ...] = (1, 5)
    """Grid: patients a leaf keeps at least."""
    class_weight: Literal["balanced"] | None = "balanced"
    min_agreement: Annotated[float, Field(ge=0, le=1)] = 0.75
    """ICC a feature must exceed; applied where the kept set is made, stored here so that a model names it."""
    max_correlation: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Of features whose Spearman correlation exceeds this, one is kept; 1 keeps all."""
    selection: Literal["importance", "univariate", "none"] = "importance"
    """How the top features are found in each fold: a first forest's importance, each feature's own AUC, not at all."""
    n_top: Annotated[int, Field(ge=1)] = 20
    permutations: Annotated[int, Field(ge=1)] = 5
    """Shuffles of each feature per held-out fold for its permutation importance."""
    seed: Annotated[int, Field(ge=0)] = 2024


class PromotionSettings(BaseModel):
    """Bounds of the rule by which a version becomes the champion; see `promotion`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_p_worse: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """A challenger whose out-of-fold AUC is lower with a p below this is worse."""
    calibration_slope: tuple[float, float] = (0.5, 2.0)
    """1 is calibrated; below 0.5 the scores are far too extreme, above 2 far too timid."""
    calibration_in_the_large: tuple[float, float] = (-1.0, 1.0)
    """0 is calibrated (log odds); at 1 the odds of being hot are e times those promised."""
