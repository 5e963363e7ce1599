"""The error raised when a landing folder cannot be used at all. Bad rows are rejections, not errors."""

from __future__ import annotations


class CohortError(ValueError):
    """A landing folder, its cohort file or a path in it that cannot be used; the message says what to do.

    Attributes
    ----------
    rule
        Name of the rule that was broken, as in `rejected_inputs`.
    """

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule
