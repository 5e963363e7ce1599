"""What a review says of a version that is the champion already: promoted, until a commit has said so."""

from types import SimpleNamespace

import pandas as pd
import pytest

from tme_platform.steps.signature_review import _decide

_SAID = {"model_version": ["1"], "decision": ["promoted"]}


@pytest.mark.parametrize(
    ("said", "registry", "decision"),
    [
        (_SAID, "promoted: all 6 criteria of the rule are met", "is the champion"),
        ({**_SAID, "decision": ["is the champion"]}, "promoted: all 6 criteria", "is the champion"),
        ({**_SAID, "model_version": ["0"]}, "promoted: all 6 criteria", "promoted"),
        ({"model_version": [], "decision": []}, "promoted: all 6 criteria", "promoted"),
        ({"model_version": [], "decision": []}, "", "is the champion"),
    ],
    ids=["said", "said since", "run ended before its commit", "first version", "made champion by hand"],
)
def test_a_promotion_is_said_once_also_after_a_run_that_ended(said: dict, registry: str, decision: str) -> None:
    tracker = SimpleNamespace(promotion=lambda _: registry)
    scope = SimpleNamespace(previous=lambda *, always: pd.DataFrame(said), tracker=tracker)
    record = SimpleNamespace(version="1", content_key="a")
    assert _decide(scope, record, record, [], "") == decision
