"""Telling the operator how the night was: by webhook, by mail or by a block of Prefect, as the environment says.

Addresses and passwords come from the environment or from Prefect's blocks, never from a city file, and never reach a log: a
message that could not be sent is told by its kind alone.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage

import requests

from flows.night_lines import Night
from flows.night_writing import as_json_lines, as_markdown

TIMEOUT_S = 20
PREFIX = "ONBENUT_NOTIFY_"
_TLS = ("starttls", "tls", "none")


def notify(night: Night, environment: Mapping[str, str] = os.environ) -> str | None:
    """Send the night by every way that is configured; returns why one failed, in words without addresses, or None.

    Args:
        night: what came of the night.
        environment: `ONBENUT_NOTIFY_WEBHOOK` (a URL), `_MAIL` (addresses, with commas) with `_SMTP` (host:port), `_FROM`, `_USER`,
            `_PASSWORD` and `_TLS` (starttls, tls or none), `_BLOCK` (a notification block of Prefect, as slack-webhook/ops), and
            `_WHEN` (trouble, by default, or always).
    """
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    if not night.is_trouble and given.get("when", "trouble") != "always":
        return None
    failed = []
    for way, send in (("webhook", _post), ("mail", _mail), ("block", _block)):
        if given.get(way):
            try:
                send(night, given)
            except Exception as error:  # noqa: BLE001 - a night is not undone by a message that cannot be sent
                failed.append(f"{way}: {type(error).__name__}")
    return "; ".join(failed) or None


def subject(night: Night) -> str:
    """The night as the subject of a message."""
    return f"Onbenut: {'trouble' if night.is_trouble else 'all well'}: {night.headline}"


def _post(night: Night, given: Mapping[str, str]) -> None:
    body = {"text": f"{subject(night)}\n\n{as_markdown(night)}", "lines": "\n".join(as_json_lines(night))}
    answer = requests.post(given["webhook"], json=body, timeout=TIMEOUT_S, allow_redirects=False)
    if answer.status_code >= 300:  # one that redirects did not take it either
        raise RefusedError


def _mail(night: Night, given: Mapping[str, str]) -> None:
    message = EmailMessage()
    message["Subject"], message["To"] = subject(night), given["mail"]
    message["From"] = given.get("from") or given["mail"].split(",")[0]
    message.set_content(as_markdown(night))
    host, _, port = given.get("smtp", "localhost:25").partition(":")
    tls = given.get("tls", "starttls")
    if tls not in _TLS:
        raise UnknownTlsError
    context = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, int(port or 465), timeout=TIMEOUT_S, context=context)
        if tls == "tls"
        else smtplib.SMTP(host, int(port or 25), timeout=TIMEOUT_S)
    ) as server:
        if tls == "starttls":
            server.starttls(context=context)
        if given.get("user"):
            server.login(given["user"], given["password"])
        server.send_message(message)


def _block(night: Night, given: Mapping[str, str]) -> None:
    from prefect.blocks.abstract import NotificationBlock
    from prefect.blocks.core import Block

    block = Block.load(given["block"])
    if not isinstance(block, NotificationBlock):
        raise NoNotificationBlockError
    block.notify(as_markdown(night), subject(night))  # type: ignore[unused-coroutine]


class RefusedError(Exception):
    """The webhook answered that it did not take the message."""


class UnknownTlsError(Exception):
    """`ONBENUT_NOTIFY_TLS` is none of starttls, tls, none."""


class NoNotificationBlockError(Exception):
    """`ONBENUT_NOTIFY_BLOCK` names a block that sends nothing."""
