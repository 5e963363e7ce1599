"""Order the images at each slice position in time. Where they lie belongs in ``_dicom_stack``.

The temporal position decides; without one the time of acquisition with its date, within one acquisition the trigger
time, then the time of the content, and last the instance number. Two orders that contradict each other are refused.
"""

import datetime
import itertools
import math
import re
from collections.abc import Callable, Sequence

from tme_platform.imaging._dicom_files import Frame
from tme_platform.imaging._dicom_tags import Tags, tag_number
from tme_platform.imaging.errors import ImagingError

Groups = Sequence[Sequence[Frame]]
_Key = Callable[[Frame], float | None]
_DAY_S = 86400.0
_DAY = r"(\d{4})\.?(\d\d)\.?(\d\d)"
_TIME = r"(\d\d):?(\d\d)?:?(\d\d(?:\.\d*)?)?"
_ZONE = r"([+-]\d{4})?"
BY_NUMBER = "phases are in the order of their instance numbers, as their times are equal or missing"


def order_phases(groups: Groups, folder: str) -> tuple[list[list[Frame]], str]:
    """Sort the images at each position in time.

    Parameters
    ----------
    groups
        Images at each slice position, the same number at each.
    folder
        Name of the folder, for messages.

    Returns
    -------
    phases
        Images of each phase, in the order of the positions.
    note
        What to know about the order; "" if time decides it.

    Raises
    ------
    ImagingError
        ``phase_order_ambiguous`` if the tags contradict each other or do not decide; ``phases_incomplete`` if images
        of one time would fall into different phases.
    """
    temporal = _present(groups, lambda one: _number(one, "TemporalPositionIdentifier"))
    number = _present(groups, _instance)
    trigger = _present(groups, lambda one: _number(one, "TriggerTime"))
    decided = temporal is not None and _distinct(groups, [temporal])
    clock = _clock(groups, (_acquired, _acquired_in_parts), "AcquisitionTime", number, folder, decided=decided)
    _check_agreement(groups, temporal, clock or trigger, "temporal positions", "times of acquisition", folder)
    for keys in ([temporal], [clock], [clock, trigger]):
        used = [key for key in keys if key is not None]
        if used and _distinct(groups, used):
            _check_same_times(groups, used, used == [temporal], folder)
            return _sorted(groups, used), ""
    content = _clock(groups, (_made,), "ContentTime", number, folder)
    used = [key for key in (clock, trigger, content) if key is not None]
    if used and _distinct(groups, used):
        _check_same_times(groups, used, False, folder)
        return _sorted(groups, used), ""
    used = [key for key in (clock, trigger, content, number) if key is not None]
    if used and _distinct(groups, used):
        return _sorted(groups, used), BY_NUMBER
    raise ImagingError(
        "phase_order_ambiguous",
        f"{folder} has {len(groups[0])} images at each slice position with the same temporal position, time and "
        "instance number; remove copies, or put each phase into a folder of its own.",
    )


def _check_agreement(groups: Groups, first: _Key | None, second: _Key | None, a: str, b: str, folder: str) -> None:
    """Raise if two keys order the images at a position differently; equal values contradict nothing."""
    if first is None or second is None:
        return
    for group in groups:
        pairs = sorted((first(one) or 0.0, second(one) or 0.0) for one in group)
        for low, high in itertools.pairwise(pairs):
            if low[0] < high[0] and low[1] > high[1]:
                raise ImagingError(
                    "phase_order_ambiguous",
                    f"the {a} of {folder} contradict its {b}, so the order of its phases is unknown; correct the "
                    "tags, or put each phase into a folder of its own.",
                )


def _check_same_times(groups: Groups, keys: Sequence[_Key], one_each: bool, folder: str) -> None:
    """Raise if images of exactly the same time would fall into different phases, because others are missing.

    With `one_each`, a phase has one value, as a temporal position is the same for all slices.
    """
    phase_of: dict[tuple[float, ...], int] = {}
    for group in groups:
        for phase, value in enumerate(sorted(_values(one, keys) for one in group)):
            if phase_of.setdefault(value, phase) != phase or (one_each and len(phase_of) > len(groups[0])):
                raise ImagingError(
                    "phases_incomplete",
                    f"images of {folder} that were taken at the same time would fall into different phases: some are "
                    "missing; copy the series again.",
                )


def _sorted(groups: Groups, keys: Sequence[_Key]) -> list[list[Frame]]:
    ordered = [sorted(group, key=lambda one: _values(one, keys)) for group in groups]
    return [list(phase) for phase in zip(*ordered, strict=True)]


def _distinct(groups: Groups, keys: Sequence[_Key]) -> bool:
    return all(len({_values(one, keys) for one in group}) == len(group) for group in groups)


def _values(one: Frame, keys: Sequence[_Key]) -> tuple[float, ...]:
    return tuple(key(one) or 0.0 for key in keys)


def _present(groups: Groups, key: _Key) -> _Key | None:
    """Return the key if every image has it."""
    return key if all(key(one) is not None for group in groups for one in group) else None


def _first_present(groups: Groups, *keys: _Key) -> _Key | None:
    return next((key for key in keys if _present(groups, key) is not None), None)


def _clock(
    groups: Groups, dated: Sequence[_Key], time: str, number: _Key | None, folder: str, *, decided: bool = False
) -> _Key | None:
    """Return the first key that every image has: a moment with its date, else a time of day.

    Times that may have passed midnight cannot order anything: they are left out if something else decides, or refused.
    """

    def time_of_day(one: Frame) -> float | None:
        return _time_of_day(one.tags.get(time))

    key = _first_present(groups, *dated, time_of_day)
    if key is None:
        return None
    times = [key(one) or 0.0 for group in groups for one in group]
    if max(times) - min(times) > _DAY_S / 2:
        if decided:
            return None
        raise ImagingError(
            "phase_order_ambiguous",
            f"the images of {folder} have times more than half a day apart ({time}, as far as they have dates with "
            "them): they may have been taken across midnight; correct the dates, or put each phase into a folder of "
            "its own.",
        )
    if key is time_of_day and not decided:
        _check_agreement(groups, number, key, "instance numbers", "times of day (without dates)", folder)
    return key


def _number(one: Frame, name: str) -> float | None:
    value = tag_number(one.tags.get(name), float("nan"))
    return None if math.isnan(value) else value


def _instance(one: Frame) -> float | None:
    file_number = _number(one, "InstanceNumber")
    if one.number is None:
        return file_number
    # Frames of several files: those of one file follow each other.
    return (file_number or 0.0) + one.number / (one.number + 1.0)


def _acquired(one: Frame) -> float | None:
    return _moment(one.tags, "AcquisitionDateTime")


def _acquired_in_parts(one: Frame) -> float | None:
    return _moment(one.tags, "AcquisitionDate", "AcquisitionTime")


def _made(one: Frame) -> float | None:
    return _moment(one.tags, "ContentDate", "ContentTime")


def _moment(tags: Tags, day: str, time: str | None = None) -> float | None:
    """Return the seconds since the beginning of the calendar; None if date or time is missing or malformed."""
    text = str(tags.get(day, ""))
    if time is not None:
        text += str(tags.get(time, ""))
    found = re.fullmatch(_DAY + _TIME + _ZONE, text)
    if found is None:
        return None
    try:
        days = datetime.date(*map(int, found.groups()[:3])).toordinal()
    except ValueError:
        return None
    zone = found[7] or "+0000"
    ahead = int(zone[0] + "1") * (int(zone[1:3]) * 3600 + int(zone[3:]) * 60)
    return days * _DAY_S + _seconds(found[4], found[5], found[6]) - ahead


def _time_of_day(text: object) -> float | None:
    found = re.fullmatch(_TIME, str(text))
    return None if found is None else _seconds(*found.groups())


def _seconds(hours: str, minutes: str | None, seconds: str | None) -> float:
    return int(hours) * 3600.0 + int(minutes or 0) * 60.0 + float(seconds or 0)
