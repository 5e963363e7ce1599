"""The `tme` command as a group whose options (--lake, --study, ...) may come before or after a command's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import Context


class OptionsAnywhere(TyperGroup):
    """Accepts `tme run --study simulated`; Click alone accepts only `tme --study simulated run`."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # Typer has its own Click
        """Move the group's options that take a value to the front. No command has an option of the same name."""
        valued = [parameter for parameter in self.params if not getattr(parameter, "is_flag", False)]
        own = {name for parameter in valued for name in parameter.opts}
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
