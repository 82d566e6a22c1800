"""Listening: one thread a connection, a line a request, a stop that lets open requests end."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from sources._kit.errors import OnbenutError


class ServeError(OnbenutError):
    """The layer cannot be served as asked."""


class _Handler(WSGIRequestHandler):  # type: ignore[misc]  # werkzeug's types are not followed
    """One request per connection, so that a stop has nobody idle to wait for."""

    protocol_version = "HTTP/1.0"
    timeout = 30  # seconds for a client that says nothing

    def version_string(self) -> str:
        """No versions: they tell a stranger which holes to try."""
        return "onbenut"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Time, method, path, status: not who asked, and not what for, which may hold an address."""
        del size
        path = quote(urlsplit(self.path).path, safe="/:%~")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(f"{now} {quote(self.command)} {path} {int(code)}", file=sys.stderr, flush=True)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Nothing: broken connections are the client's affair, and the message holds its question."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Whether `host` means every address of this machine, so that no link can carry it."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        ServeError: the port is taken or not allowed, or the host is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        taken = getattr(error, "errno", None) == errno.EADDRINUSE
        raise ServeError(
            "the port is taken" if taken else "there is no listening there",
            host=host,
            port=port,
            value=str(error),
            next_step="name another with --port; 0 takes a free one",
        ) from error


def listen(listening: socket.socket, application: Callable[..., Any], ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests that are under way end."""
    host, port = listening.getsockname()[:2]
    server = make_server(host, port, application, threaded=True, request_handler=_Handler, fd=listening.fileno())
    server.daemon_threads = False

    def stop(*_signal: object) -> None:
        # From another thread: the one that serves would wait for itself.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    ready()
    server.serve_forever(poll_interval=0.1)
