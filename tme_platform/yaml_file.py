"""Read YAML so that every problem can be named with its line. What a file holds belongs in `study` and `cohorts`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where PyYAML was built with it."""
_MAX_DEPTH = 20

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value."""


class YamlError(ValueError):
    """A text is not valid YAML, uses aliases, repeats a key or is not a mapping; the message names the line."""


@dataclass(frozen=True)
class YamlFile:
    """A parsed file.

    Attributes
    ----------
    where
        How messages name the file.
    content
        Its values.
    node
        The parsed text, which knows the lines.
    """

    where: str
    content: Mapping[str, Any]
    node: yaml.Node

    def locate(self, place: Place) -> tuple[int, list[str]]:
        """Return the line of a place or of its closest parent in the text, and the keys that lead there."""
        node, line, found = self.node, 1, []
        for part in place:
            child = _child(node, part)
            if child is not None:  # a part that the text does not have is a name of the model, or missing
                line, node = child
                found.append(str(part))
        return line, found


def read_yaml(text: str, where: str) -> YamlFile:
    """Parse a mapping.

    Aliases (a few hundred bytes can expand to gigabytes) and repeated keys, of which YAML readers silently keep the
    last, are refused.

    Parameters
    ----------
    text
        The file's text.
    where
        How messages name the file.

    Raises
    ------
    YamlError
        The text cannot be used; states the line.
    """
    try:
        _refuse_bombs(text, where)
        loader = _SafeLoader(text)
        try:
            node = loader.get_single_node()
            _refuse_repeated_keys(node, where)
            content = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise YamlError(f"{where} is not valid YAML: {_yaml_problem(error)}") from None
    except YamlError:
        raise
    except ValueError as error:  # for example an impossible date
        raise YamlError(f"{where} cannot be read as YAML: {error}") from None
    if node is None or not isinstance(content, dict):
        raise YamlError(f"{where} should hold settings by name, such as `title: ...`.")
    return YamlFile(where, content, node)


def describe(error: ValidationError, files: Sequence[YamlFile], model: type[BaseModel]) -> str:
    """Say what a model found wrong, with file, line and field of each problem.

    Parameters
    ----------
    error
        Raised by the model.
    files
        The files that the values come from; the first takes precedence.
    model
        The model, whose keys are suggested for those that it does not know.
    """
    messages, last = [], ""
    for problem in error.errors(include_url=False):
        file, text = _problem(dict(problem), files, model)
        messages.append(text if file == last else f"{file} {text}")
        last = file
    return "; ".join(messages)


def at_place(place: Place, problem: str, files: Sequence[YamlFile]) -> str:
    """Say what is wrong at a place, with file, line and field."""
    file, line, keys = _found(place, files)
    return f"{file.where} line {line}, {'.'.join(keys)}: {problem}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """` Did you mean ...?` with known names that are spelled similarly; empty if there are none."""
    near = nearest(name, known).removeprefix("; nearest: ")
    return f" Did you mean {' or '.join(near.split(', '))}?" if near else ""


def nearest(name: str, known: Sequence[str]) -> str:
    """`; nearest: ...` with known names that are spelled similarly or contain one another; empty if there are none."""
    wanted = name.lower()
    lower = {candidate.lower(): candidate for candidate in known}
    similar = difflib.get_close_matches(wanted, lower, n=3, cutoff=0.6)
    containing = [other for other in lower if min(len(wanted), len(other)) > 1 and (wanted in other or other in wanted)]
    near = list(dict.fromkeys([*similar, *sorted(containing, key=len)]))[:3]
    return f"; nearest: {', '.join(lower[found] for found in near)}" if near else ""


def _found(place: Place, files: Sequence[YamlFile]) -> tuple[YamlFile, int, list[str]]:
    """The file that knows most of a place, with line and keys."""
    located = [(file, *file.locate(place)) for file in files]
    return max(located, key=lambda found: len(found[2]))


def _problem(problem: dict[str, Any], files: Sequence[YamlFile], model: type[BaseModel]) -> tuple[str, str]:
    """The file, and what is wrong in which line and field."""
    place: Place = problem["loc"]
    file, number, keys = _found(place, files)
    if problem["type"] == "missing":
        keys = [*keys, str(place[-1])]
    line = f"line {number}, {'.'.join(keys) or 'the file as a whole'}"
    if problem["type"] == "extra_forbidden":
        meant = did_you_mean(str(place[-1]), _keys_at(model, place[:-1]))
        return file.where, f"{line}: unknown key.{meant} Correct its spelling or remove it"
    if problem["type"] == "missing":
        return file.where, f"{line}: is missing. Add it"
    if problem["type"] == "too_short":
        return file.where, f"{line}: is empty. Write at least one entry"
    if place and place[-1] == "[key]" and problem["type"] == "string_type":
        return file.where, f"{line}: {problem['input']!r} is not text in YAML. Put it in quotes"
    given = problem["input"]
    shown = f" (found {given!r})" if isinstance(given, str | int | float) else ""
    allowed = re.findall(r"'([^']*)'", str(problem.get("ctx", {}).get("expected", "")))
    meant = did_you_mean(given, allowed) if isinstance(given, str) else ""
    return file.where, f"{line}: {problem['msg'].removeprefix('Value error, ')}{shown}{f'.{meant}' if meant else ''}"


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """Keys that a model knows at a place; positions, keys of a mapping and names of alternatives lead no further."""
    here = [model]
    for part in place:
        fields = [one.model_fields[part] for one in here if part in one.model_fields]
        here = [found for one in fields for found in _models_in(one.annotation)] or here
    return list(dict.fromkeys(name for one in here for name in one.model_fields))


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """The models that a value of this type may be, or hold."""
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, BaseModel):
        root = annotation.model_fields.get("root")  # of a mapping or list that is a model of its own
        return [annotation] if root is None else _models_in(root.annotation)
    return [found for argument in get_args(annotation) for found in _models_in(argument)]


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    """The line and the value of a key or position."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        context = f" {error.context}" if error.context else ""
        return f"line {mark.line + 1}, column {mark.column + 1}:{context} {error.problem}"
    return str(error)


def _refuse_bombs(text: str, where: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise YamlError(f"{where} {_line(event)} uses YAML aliases (*name). Write the values out.")
        if depth > _MAX_DEPTH:
            raise YamlError(f"{where} {_line(event)} is nested too deeply.")


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark is not None else "text"


def _refuse_repeated_keys(node: yaml.Node | None, where: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if str(key.value) in seen:
                first = seen[str(key.value)]
                raise YamlError(
                    f"{where} line {line}: `{key.value}` is already defined in line {first}. Keep one of them."
                )
            seen[str(key.value)] = line
            _refuse_repeated_keys(value, where)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, where)
