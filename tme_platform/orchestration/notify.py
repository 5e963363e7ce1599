"""Send a short text to people: by e-mail, and to a webhook (Slack, Mattermost, or one's own).

Where to is the operator's to say, in the environment, because addresses may hold passwords.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

WEBHOOK, SMTP, SENDER, RECEIVERS = "TME_ALERT_WEBHOOK", "TME_ALERT_SMTP", "TME_ALERT_FROM", "TME_ALERT_TO"
"""Environment variables: an http(s) address that takes JSON with a `text`, as Slack's incoming webhooks do;
`smtp://user:password@host:port` or `smtps://...`; the sender; the receivers, separated by commas."""
_SECONDS = 20
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class Receivers:
    """Where texts are sent; empty fields are not used."""

    webhook: str = ""
    smtp: str = ""
    sender: str = ""
    mail: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Receivers | None:
        """Read the environment; None where nobody is to be told.

        Raises
        ------
        ValueError
            An address is of another kind, or sender or receivers of an e-mail are missing.
        """
        webhook, smtp = environment.get(WEBHOOK, ""), environment.get(SMTP, "")
        if webhook and urlsplit(webhook).scheme not in ("http", "https"):
            raise ValueError(f"{WEBHOOK} should begin with https:// or http://")
        mail = tuple(filter(None, (one.strip() for one in environment.get(RECEIVERS, "").split(","))))
        sender = environment.get(SENDER, "")
        if smtp and (urlsplit(smtp).scheme not in _PORTS or not urlsplit(smtp).hostname):
            raise ValueError(f"{SMTP} should be smtp://user:password@host:port, or smtps://...")
        if smtp and not (sender and mail):
            raise ValueError(f"{SMTP} is given: name sender and receivers, too ({SENDER}, {RECEIVERS})")
        return cls(webhook, smtp, sender, mail) if webhook or smtp else None


def send(receivers: Receivers, subject: str, text: str) -> list[str]:
    """Send a text everywhere; what cannot be reached does not keep the others from being told.

    Returns
    -------
    A sentence for each receiver that could not be reached, without its address, which may hold a password.
    """
    problems = []
    for name, wanted, sending in (("webhook", receivers.webhook, _post), ("e-mail", receivers.smtp, _mail)):
        if not wanted:
            continue
        try:
            sending(receivers, subject, text)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            problems.append(f"the {name} could not be sent: {type(error).__name__}")
    return problems


def _post(receivers: Receivers, subject: str, text: str) -> None:
    body = json.dumps({"text": f"*{subject}*\n{text}"}).encode()
    request = urllib.request.Request(  # noqa: S310 (http or https, see `Receivers`)
        receivers.webhook, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
        pass


def _mail(receivers: Receivers, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, receivers.sender, ", ".join(receivers.mail)
    message.set_content(text)
    server = urlsplit(receivers.smtp)
    host, port, secure = str(server.hostname), server.port or _PORTS[server.scheme], ssl.create_default_context()
    opened = (
        smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=secure)
        if server.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=_SECONDS)
    )
    with opened as connection:
        connection.ehlo()
        if server.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=secure)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)
