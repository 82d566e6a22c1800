"""One request, before it is sent: a GET, or a query that is posted as a form because it is too long for an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from sources._kit.secret import reveal
from sources._kit.snapshot import Part

CONNECT_S = 10
SILENCE_S = 120.0


class Session(requests.Session):
    """Goes nowhere by itself: requests looks where a redirect leads, and reads all of its body, even where it is told not to follow."""

    def resolve_redirects(self, *_given: object, **_named: object) -> Iterator[Any]:
        """No next request."""
        return iter(())


@dataclass(frozen=True)
class Call:
    """What is asked, and how long the service may say nothing (seconds)."""

    url: str
    form: Mapping[str, str] | None = None
    silence_s: float = SILENCE_S

    @classmethod
    def of(
        cls,
        url: str,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None = None,
        silence_s: float = SILENCE_S,
    ) -> Call:
        """A call with its parameters in the address."""
        return cls(_address(url, params), form, silence_s)

    @property
    def address(self) -> str:
        """Tells this call from all others, and is what the manifest keeps: the form as if it had been in the address."""
        return self.url if self.form is None else _address(self.url, self.form)

    def send(self, session: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
        """Ask `url`, to which a redirect may have led, with its keys filled in; the body of the answer is not read yet.

        Raises:
            FetchRefusedError: a key is not in the environment.
        """
        method = "GET" if self.form is None else "POST"
        timeout = (CONNECT_S, self.silence_s)
        form = self.form and {name: reveal(value, url) for name, value in self.form.items()}
        return session.request(
            method, reveal(url, url), data=form, headers=headers, stream=True, timeout=timeout, allow_redirects=False
        )


def conditions(before: Part | None) -> dict[str, str]:
    """Headers that ask for an answer only if it is another than before."""
    if before is not None and before.etag:
        return {"If-None-Match": before.etag}
    if before is not None and before.last_modified:
        return {"If-Modified-Since": before.last_modified}
    return {}


def _address(url: str, params: Mapping[str, str] | None) -> str:
    return requests.Request("GET", url, params=params).prepare().url or url
