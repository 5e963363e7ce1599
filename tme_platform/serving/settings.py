"""The guard as the environment sets it: `TME_UI_ADDRESSES` and `TME_UI_TOKEN`."""

from __future__ import annotations

import os

from tme_platform.environment import UI_ADDRESSES, UI_TOKEN
from tme_platform.serving.asgi import App
from tme_platform.serving.guard import Guard
from tme_platform.serving.places import Places, loopback
from tme_platform.serving.token import Token


def places(port: int) -> Places:
    """Where people reach a page that listens at a port: on this machine, and at `TME_UI_ADDRESSES`.

    Raises
    ------
    ValueError
        `TME_UI_ADDRESSES`, separated by spaces or commas, has one that is no address of a page.
    """
    return Places([*loopback(port), *os.environ.get(UI_ADDRESSES, "").replace(",", " ").split()])


def taken_token() -> Token | None:
    """The token of `TME_UI_TOKEN`, None where it is not set; what is started from here, runs among it, has it no more.

    Raises
    ------
    TokenError
        It can be guessed.
    """
    secret = os.environ.pop(UI_TOKEN, "")
    return Token(secret) if secret else None


def guarded(app: App, port: int) -> Guard:
    """An application behind the guard, see `places` and `taken_token`."""
    return Guard(app, places(port), taken_token())
