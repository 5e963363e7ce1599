"""Net benefit of the signature, of clinical variables and of both."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import decision_curve
from tme_platform.signature import clinical_decision_curves, train_signature
from tme_platform.signature.rivals import clinical_features


@pytest.fixture(scope="module")
def curves(cohort, quick, trained):
    features, labels = cohort
    random = np.random.default_rng(2)
    clinical = pd.DataFrame(
        {"age_years": random.normal(55, 10, len(labels)), "er": random.choice(["positive", "negative"], len(labels))},
        index=labels.index,
    )
    table = clinical_decision_curves(trained.out_of_fold, features, labels, clinical, settings=quick, n_jobs=1)
    return table.set_index("model"), clinical


def test_curves_are_those_of_held_out_probabilities(cohort, quick, trained, curves):
    _, labels = cohort
    table, clinical = curves
    rival = train_signature(clinical_features(clinical), labels, settings=quick.for_few_variables(), n_jobs=1)
    for name, model in (("signature", trained), ("clinical", rival)):
        by_repeat = model.out_of_fold.pivot(index="patient_id", columns="repeat", values="probability")
        expected = decision_curve(labels[by_repeat.index] == "hot", by_repeat)
        np.testing.assert_allclose(table.loc[name, "net_benefit"], expected["net_benefit"])
        np.testing.assert_allclose(table.loc[name, "ci_low"], expected["ci_low"])


def test_informative_features_add_net_benefit_to_noise(curves):
    table = curves[0]
    at = table[np.isclose(table["threshold"], 0.4)]
    assert at.loc["combined", "gain_low"] > 0
    assert at.loc["combined", "gain"] == pytest.approx(
        at.loc["combined", "net_benefit"] - at.loc["clinical", "net_benefit"]
    )
    assert table.loc["clinical", "gain"].isna().all()
