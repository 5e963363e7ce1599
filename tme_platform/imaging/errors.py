"""The exception of this package. Nothing else belongs here."""


class ImagingError(ValueError):
    """Raised for an image, mask or outline that cannot be used.

    Attributes
    ----------
    rule
        Short snake_case name of the violated rule (``mask_empty``, ``geometry_mismatch``, ...), by which the
        ``rejected_inputs`` table is grouped.
    message
        What is wrong with which file, and what to do.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message

    def __reduce__(self) -> tuple[type["ImagingError"], tuple[str, str]]:
        # Without this an error raised in a worker process cannot be rebuilt in the parent, which then hangs.
        return (type(self), (self.rule, self.message))
