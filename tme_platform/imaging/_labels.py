"""Choosing the tumour among the labels, segments or structures of an outline file."""

from collections.abc import Sequence

from tme_platform.imaging.errors import ImagingError

_LISTED = 10


def choose_label(present: Sequence[int], label: int | None, name: str, noun: str) -> int:
    """Return the requested label, or the only one if none is requested.

    Parameters
    ----------
    present
        The numbers found in the file, ascending.
    label
        The requested number, or None.
    name, noun
        The file's name and what its numbers denote (``label``, ``segment``, ``structure``), for messages.

    Raises
    ------
    ImagingError
        ``mask_empty``, ``mask_label_ambiguous`` or ``mask_label_missing``.
    """
    if not present:
        raise ImagingError("mask_empty", f"{name} contains no {noun}; draw the outline, or remove the row.")
    if label is None:
        if len(present) > 1:
            raise ImagingError(
                "mask_label_ambiguous",
                f"{name} has the {noun}s {_listed(present)}; set mask_label in imaging.csv to that of the tumour.",
            )
        return present[0]
    if label not in present:
        raise ImagingError(
            "mask_label_missing",
            f"{name} has no {noun} {label}, only {_listed(present)}; correct mask_label in imaging.csv.",
        )
    return label


def _listed(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    return ", ".join(map(str, numbers[:_LISTED])) + more
