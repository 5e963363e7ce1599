"""Settings of the signature and of its promotion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_SHORTENED_TREES = 20
_MAX_TREES = 10_000
_MAX_GRID = 20
_MAX_SEED = 2**32 - 1
"""The largest that scikit-learn takes. The other limits are far beyond what is of use: settings may be those of a
stored model that comes from somebody else, and must not keep a machine busy for days."""
MaxFeatures = Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)]


class SignatureSettings(BaseModel):
    """Settings of a signature. The defaults follow the published study where it states them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["random_forest", "ridge", "gradient_boosting", "logistic"] = "random_forest"
    """The published study trains a forest; the other models are trained and measured in the same way for comparison.
    `ridge` is logistic regression with an L2 penalty on all features that are not redundant, whatever `selection` is;
    `logistic` is the same with a fixed penalty, for a handful of variables."""
    n_splits: Annotated[int, Field(ge=2, le=100)] = 5
    """Folds of the outer and of the inner cross-validation."""
    n_repeats: Annotated[int, Field(ge=1, le=1000)] = 4
    """Repeats of the outer cross-validation, each with new folds."""
    n_trees: Annotated[int, Field(ge=1, le=_MAX_TREES)] = 100
    search_trees: Annotated[int, Field(ge=1, le=_MAX_TREES)] = 50
    """Trees during the grid search and feature selection; the final forest has `n_trees`."""
    max_features: Annotated[tuple[MaxFeatures, ...], Field(min_length=1, max_length=_MAX_GRID)] = ("sqrt", 0.5)
    """Grid: features considered at each split."""
    min_samples_leaf: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=_MAX_GRID)] = (
        1,
        5,
    )
    """Grid: minimum number of patients in a leaf."""
    class_weight: Literal["balanced"] | None = "balanced"
    min_agreement: Annotated[float, Field(ge=0, le=1)] = 0.75
    """ICC that a feature must exceed. Applied where features are kept by agreement; stored here with the model."""
    max_correlation: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Of features whose absolute Spearman correlation exceeds this, the first is kept; 1 keeps all."""
    selection: Literal["importance", "univariate", "none"] = "importance"
    """Selection of the top features in each fold: importance in a first forest, univariate AUC, or no selection."""
    n_top: Annotated[int, Field(ge=1)] = 20
    permutations: Annotated[int, Field(ge=1, le=1000)] = 5
    """Shuffles of each feature per held-out fold, for permutation importance."""
    seed: Annotated[int, Field(ge=0, le=_MAX_SEED)] = 2024

    @property
    def linear(self) -> bool:
        """Whether the score is a linear function of the features, so that its cross-validated AUC varies more."""
        return self.model in ("ridge", "logistic")

    def for_few_variables(self) -> SignatureSettings:
        """The same folds for a handful of variables: ridge regression on all of them."""
        return self.model_copy(update={"model": "logistic", "selection": "none", "max_correlation": 1.0})

    def shortened(self) -> SignatureSettings:
        """The same pipeline with fewer trees, for procedures that repeat it hundreds of times.

        The AUC varies a little more than with `search_trees`, but does not shift: with the 90 patients of tcga_brca_mri
        its mean over seeds was 0.54 with 10 and with 50 trees.
        """
        return self.model_copy(update={"search_trees": min(self.search_trees, _SHORTENED_TREES)})


class PromotionSettings(BaseModel):
    """Settings of the promotion rule; see `promotion`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_p_worse: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """A challenger is worse if its out-of-fold AUC is lower with p below this."""
