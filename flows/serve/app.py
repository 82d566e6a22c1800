"""The WSGI application: pygeoapi's answers about the set that is out at this moment, and nothing that writes."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pygeoapi.api import API, APIRequest
from pygeoapi.openapi import get_oas
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from flows.serve.answers import ANSWERS, RULES
from flows.serve.provider import ASKED
from flows.serve.published import Published, SetGoneError, identify, open_set
from flows.serve.settings import settings

Environ = dict[str, Any]
_SET = "set"
_TURNS = 5
# Who reads page after page keeps the set he began with for so long after the next one came. Not longer: a building that
# was withdrawn from the layer must go.
_KEEP_SECONDS = 600.0


@dataclass(frozen=True)
class _Served:
    """A set, and pygeoapi with the settings made for it."""

    published: Published
    api: Any


class LayerApplication:
    """Answers from one set per request, looked up anew each time: the night may swap it whenever it likes."""

    def __init__(
        self,
        folder: Path,
        stem: str,
        url: str,
        *,
        is_public: bool,
        hosts: list[str] | None = None,
        withheld: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """Open the set that is there.

        Args:
            folder: `outputs/<city>`, the link that a night replaces.
            stem: name of the GeoParquet file without extension.
            url: address under which others reach this, without a slash at the end.
            is_public: pages of other sites may read along.
            hosts: names under which it may be asked; None for any.
            withheld: buildings that are not shown, asked anew for every question.

        Raises:
            FileNotFoundError: the set has no layer of buildings.
        """
        self._folder, self._stem, self._url = folder, stem, url
        self._is_public, self._hosts, self._withheld = is_public, hosts, withheld
        self._lock = threading.Lock()
        self._now: _Served | None = None
        self._before: tuple[_Served, float] | None = None
        self._current()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        response = self._respond(environ)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.pop("X-Powered-By", None)
        if self._is_public:
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response(environ, start_response)  # type: ignore[no-any-return]  # werkzeug's types are not followed

    def _respond(self, environ: Environ) -> Response:
        for _ in range(_TURNS):
            try:
                return self._answer(Request(environ))
            except SetGoneError:
                # Two nights in ten minutes: what a client keeps to may be gone from the disk too.
                self._before = None
            except FileNotFoundError:
                break
            except HTTPException as error:
                headers = [(name, value) for name, value in error.get_headers() if name == "Allow"]
                return _problem(error.code or 500, error.name, headers)
            except Exception:  # noqa: BLE001 - one question must not end the service; the log has it all
                traceback.print_exc()
                return _problem(500, "InternalError")
        return _problem(503, "the layer is not to be read at this moment", [("Retry-After", "60")])

    def _answer(self, request: Request) -> Response:
        request.trusted_hosts = self._hosts
        name, values = RULES.bind(request.host or "localhost").match(request.path, request.method)
        served = self._wanted(request.args.get(_SET))
        if name == "items":
            _pin(request.environ, served.published.name)
            request = Request(request.environ)
        if "sortby" in request.args and not all(part.strip("+-") for part in request.args["sortby"].split(",")):
            return _problem(400, "InvalidParameterValue")  # pygeoapi stumbles over an empty name
        ASKED.set((served.published, request.args))
        headers, status, content = ANSWERS[name](served.api, APIRequest(request, served.api.locales), **values)
        if name in ("items", "item") and headers["Content-Type"] == "application/json" and status == 200:
            headers["Content-Type"] = "application/geo+json"
        return Response(content, status, headers)

    def _wanted(self, name: str | None) -> _Served:
        now = self._current()
        with self._lock:
            if self._before and time.monotonic() > self._before[1]:
                self._before = None
            before = self._before[0] if self._before else None
        return before if before and name == before.published.name != now.published.name else now

    def _current(self) -> _Served:
        with self._lock:
            for _ in range(_TURNS):
                if self._now and identify(self._folder, self._stem) == self._now.published.identity:
                    return self._now
                try:
                    made = self._open()
                except SetGoneError:
                    continue
                if self._now:
                    self._before = (self._now, time.monotonic() + _KEEP_SECONDS)
                self._now = made
                return made
        raise SetGoneError(self._stem)

    def _open(self) -> _Served:
        published = open_set(self._folder, self._stem, self._withheld)
        made = settings(published, self._url)
        ASKED.set((published, {}))
        return _Served(published, API(made, get_oas(deepcopy(made))))


def _pin(environ: Environ, name: str) -> None:
    """Put the set's name into the question, so that all links to further pages carry it."""
    asked = [(key, value) for key, value in parse_qsl(environ.get("QUERY_STRING", ""), True) if key != _SET]
    environ["QUERY_STRING"] = urlencode([*asked, (_SET, name)])


def _problem(status: int, what: str, headers: list[tuple[str, str]] | None = None) -> Response:
    body = json.dumps({"code": what, "description": what})
    return Response(body, status, headers, content_type="application/json")
