"""Which requests are refused, whoever sends them; each rule is a function of the request's head alone.

Browsers send requests for any page that is open in them. They say for whom: by `Host` (the name that was asked for,
so that a foreign name which leads to this machine is noticed), `Origin` and `Sec-Fetch-Site`. Without asking first they
send only what a form could, which is never JSON, PUT or DELETE.
"""

from __future__ import annotations

from tme_platform.serving.asgi import Answer, Scope, values
from tme_platform.serving.places import Places

_READS = {"GET", "HEAD"}
_JSON = "application/json"


def refusal(scope: Scope, places: Places) -> Answer | None:
    """Why a request is refused; None where it is not."""
    if not _is_asked_by_name(scope, places):
        return Answer(421, "This server does not answer under this name; TME_UI_ADDRESSES names more (see `tme ui`).")
    if not _has_our_origin(scope, places):
        return Answer(403, "Refused: a page of another site sent this request.")
    if not _comes_from_our_site(scope):
        return Answer(403, "Refused: a page of another site sent this request.")
    if scope["type"] == "websocket":
        return None
    if scope["method"] in _READS:
        return _graphql_by_address(scope)
    if [value.partition(";")[0].strip().lower() for value in values(scope, "content-type")] != [_JSON]:
        return Answer(415, f"Refused: what changes something has to be sent as {_JSON}.")
    return None


def _is_asked_by_name(scope: Scope, places: Places) -> bool:
    hosts = values(scope, "host")
    return len(hosts) == 1 and places.knows(hosts[0])


def _has_our_origin(scope: Scope, places: Places) -> bool:
    """Whether the page that asks is ours; browsers name it with web sockets and with all that changes something."""
    origins = values(scope, "origin")
    if not origins:
        return bool(scope["type"] == "http")
    return len(origins) == 1 and origins[0].lower() in places.origins


def _comes_from_our_site(scope: Scope) -> bool:
    """Whether it is our page that asks, or a person; a link on another page may be followed.

    `same-site` is another site, too: a page of another port or of a neighbouring name.
    """
    sites = values(scope, "sec-fetch-site")
    if set(sites) <= {"same-origin", "none"}:
        return True
    link = values(scope, "sec-fetch-mode") == ["navigate"] and values(scope, "sec-fetch-dest") == ["document"]
    return scope["type"] == "http" and scope["method"] == "GET" and link


def _graphql_by_address(scope: Scope) -> Answer | None:
    """GraphQL in an address could be a mutation, and a picture or a link could ask for it."""
    if scope["path"].endswith("/graphql") and scope["query_string"]:
        return Answer(405, f"Refused: GraphQL has to be sent by POST as {_JSON}.", {"allow": "POST"})
    return None
