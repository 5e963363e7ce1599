"""The `tme` command as a group whose options (--lake, --study, ...) may come before or after a command's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import Context


class OptionsAnywhere(TyperGroup):
    """`tme run --study simulated` is what people type; Click alone takes `tme --study simulated run` only."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # Typer has its own Click
        """Move the group's options to the front. They all take a value, and no command has one of the same name."""
        own = {name for parameter in self.params if parameter.nargs == 1 for name in parameter.opts}
        front: list[str] = []
        after: list[str] = []
        left = iter(args)
        for word in left:
            if word == "--":
                after += [word, *left]
            elif word in own:
                value = next(left, None)
                if value is None:
                    ctx.fail(f"Option '{word}' requires an argument.")
                front += [word, value]
            elif word.partition("=")[0] in own:
                front.append(word)
            else:
                after.append(word)
        return super().parse_args(ctx, front + after)
