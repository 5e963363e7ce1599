"""What `tme run --select` names: an expression of assets. Which of them run belongs in `plan`.

Dagster is imported only to resolve an expression: a table that does not exist is found without it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tme_platform.tables import TABLES
from tme_platform.tables.schema import Stage

if TYPE_CHECKING:
    import dagster as dg

SYNTAX = (
    "write names of tables joined by `or`, `and`, `not`, such as 'cell_scores or signature'; 'cell_scores+' also takes "
    "what depends on it, '+signature' what it is built from, 'group:s3_phenotypes' a stage"
)
_OPERATORS = {"and", "or", "not"}
_TOKEN = re.compile(
    r"""(?P<listed>key|group):(?:"(?P<quoted>[^"]*)"|(?P<plain>[\w*]+))"""
    r"""|\w+:(?:"[^"]*"(?:="[^"]*")?|[^\s()]+)"""  # owner:, tag:, kind:, ... as they are
    r"""|(?<!\w)(?P<name>[A-Za-z_]\w*)(?!\w|\s*\()"""
)


def check_selection(text: str | None) -> None:
    """Check the names in an expression, before anything else is loaded.

    Raises
    ------
    ValueError
        It names a table or a group that does not exist.
    """
    known = {"key": {*TABLES, Stage.CATALOG.value}, "group": {stage.group for stage in Stage}}
    _TOKEN.sub(lambda token: _expanded(token, known, text or ""), text or "")


def select_assets(definitions: dg.Definitions, text: str | None) -> set[str]:
    """Return the names of the assets that an expression selects; all of them if it is None.

    Parameters
    ----------
    definitions
        The assets.
    text
        An asset selection in the language of Dagster's own interface, in which a table may also be named without
        `key:`, so that `cell_scores or +signature` is `key:"cell_scores" or +key:"signature"`.

    Raises
    ------
    ValueError
        The expression cannot be read, names no asset, or names a table or a group that does not exist: left out
        without a word, it would look as if it had been run.
    """
    import dagster as dg

    specs = list(definitions.resolve_all_asset_specs())
    names = {spec.key.to_user_string() for spec in specs}
    if text is None:
        return names
    known = {"key": names, "group": {spec.group_name for spec in specs if spec.group_name}}
    expression = _TOKEN.sub(lambda token: _expanded(token, known, text), text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # the syntax is that of Dagster's own UI
            found = dg.AssetSelection.from_string(expression).resolve(list(definitions.assets or ()))  # type: ignore[arg-type]
    except dg.DagsterError:
        raise ValueError(f"the selection {text!r} cannot be read: {SYNTAX}") from None
    if not found:
        raise ValueError(f"the selection {text!r} names no asset: {SYNTAX}")
    return {key.to_user_string() for key in found}


def _expanded(token: re.Match[str], known: dict[str, set[str]], text: str) -> str:
    kind, value = token["listed"], token["quoted"] or token["plain"] or ""
    if token["name"] and token["name"] not in _OPERATORS:
        kind, value = "key", token["name"]
    if kind is None:
        return token[0]
    if "*" not in value:
        _check(value, kind, known[kind], text)
    return f'{kind}:"{value}"'


def _check(value: str, kind: str, known: Collection[str], text: str) -> None:
    if value in known:
        return
    near = get_close_matches(value, known, n=3)
    nearest = f"; nearest: {', '.join(near)}" if near else ""
    noun = "table" if kind == "key" else kind
    raise ValueError(f"the selection {text!r} names the {noun} {value!r}, which does not exist{nearest}: {SYNTAX}")
