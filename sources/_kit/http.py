"""The one client that asks services: polite, patient up to a ceiling, and hard to fool.

Retries are urllib3's, before an answer begins. A body that breaks off is resumed where it stopped, if the service says
which version of the file it is of. TLS is verified always; there is no switch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from sources._kit.answer import DOCUMENT_BYTES, HEAD_BYTES, find_error, said, shown
from sources._kit.call import SILENCE_S, Call, Session, conditions
from sources._kit.errors import FetchRefusedError
from sources._kit.hostile import validator
from sources._kit.manners import Budget, GivenUpError, Manners, Pace, PatientRetry, hold_turn
from sources._kit.partial import Partial, Take, hold_partial
from sources._kit.secret import blanks, conceal
from sources._kit.snapshot import Part, Store

REDIRECTS_MAX = 5
PORTS = {"http": 80, "https": 443}
READ_BYTES = 1 << 16
"""At most this much is lost when a connection breaks: urllib3 gives a block whole or not at all."""
PACE = Pace()
Known = Callable[[str], Part | None]
Progress = Callable[[str, int, int | None], None]
"""Told what is under way (a URL, the tiles of a part), how much of it is held, and how much there is, if known."""


class BrokenBodyError(Exception):
    """A body that did not come whole; asking again may help."""


class Client:
    """Downloads into a store on behalf of one feed.

    Args:
        store: where bytes are kept.
        agent: User-Agent; says who asks and for what.
        manners: rates and ceilings of the source.
        retries: of requests that got no answer or a status that says "later".
        where: source, city and feed, for errors.
        progress: told of every block.
    """

    def __init__(
        self,
        store: Store,
        agent: str,
        manners: Manners,
        retries: Retry,
        where: Mapping[str, object],
        progress: Progress | None = None,
    ) -> None:
        self.store, self.where = store, dict(where)
        waits = {"backoff_factor": retries.backoff_factor, "backoff_max": retries.backoff_max}
        self._retries = retries.new(**{name: seconds * manners.patience for name, seconds in waits.items()})
        self._manners, self.progress = manners, progress or (lambda _what, _done, _total: None)
        self._budget = Budget()
        self._session = Session()
        self._session.headers["User-Agent"] = agent
        adapter = HTTPAdapter(max_retries=PatientRetry.of(self._retries, self._budget))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    @property
    def bytes_max(self) -> int:
        """Ceiling of the source, for one answer and for all pages of one part."""
        return self._manners.bytes_max

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.close()

    def download(
        self,
        name: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        file: str | None = None,
        before: Known | None = None,
        bytes_max: int | None = None,
        form: Mapping[str, str] | None = None,
        silence_s: float = SILENCE_S,
        take: Take | None = None,
    ) -> Part:
        """Store one answer.

        Args:
            name: the part it is of.
            url: http or https.
            params: added to the URL.
            file: name to give it; that of the URL if not given.
            before: gives the stored part of an address, which is used again if the service says it still holds. It is
                asked once nobody else downloads from there, so what two want at one moment comes once.
            bytes_max: ceiling on the body, unpacked; the source's if not given.
            form: a query to post instead; its answer is made for the asking, so it is never resumed.
            silence_s: how long the service may think, and pause between two blocks.
            take: what makes of the body the file to store; the body itself if not given.

        Raises:
            FetchRefusedError: no answer in time, an error in whatever dress, a body that is too large or not whole, a
                redirect to a host the source does not allow; nothing is kept but a beginning that can be resumed.
        """
        call = Call.of(url, params, form, silence_s)
        with self._answered(call, before, bytes_max) as (partial, answer, stored):
            if stored is not None and answer.status_code == 304:
                return replace(stored, name=name, status=304)
            path = take(partial.path, answer.headers.get("Content-Type", "")) if take else partial.path
            sha256, size = self.store.adopt(path, **self.where, url=call.url)
            kind = answer.headers.get("Content-Type") or None
            etag, changed = (validator(answer.headers.get(name)) for name in ("ETag", "Last-Modified"))
            title = file or Path(urlsplit(url).path).name or "data"
            crs = answer.headers.get("Content-Crs", "").strip("<> ") or None
            part = Part(name, title, call.address, sha256, size, answer.status_code, kind, etag, changed, crs=crs)
            if before is not None:
                self.store.remember(part)
            return part

    def read(self, url: str, params: Mapping[str, str] | None = None) -> str:
        """A short answer, such as a number of hits, which is not stored.

        Raises:
            FetchRefusedError: as `download`.
        """
        with self._answered(Call.of(url, params), None, DOCUMENT_BYTES) as (partial, _answer, _stored):
            return partial.path.read_text(encoding="utf-8-sig", errors="replace")

    def follow(self, url: str, link: str) -> str:
        """A link in an answer, as an address that may be asked.

        Raises:
            FetchRefusedError: it leads to a host the source does not allow, to another port of this one, or away from TLS; or it
                names a key, which would be filled in from the environment for whoever asks.
        """
        if blanks(link):
            raise _refused("the service asks for a key by name", link, **self.where, url=url)
        try:
            target = conceal(urljoin(url, link), url)
            before, after = urlsplit(url), urlsplit(target)
            is_address = after.scheme in PORTS and after.port != 0
        except ValueError:  # no port, or no host, can be read of it
            raise _refused("the service leads to what is no address", link, **self.where, url=url) from None
        if not is_address or (before.scheme == "https" and after.scheme == "http"):
            raise _refused("the service leads away from TLS", target, **self.where, url=url)
        is_same = after.hostname == before.hostname and _port(after) in (_port(before), PORTS[after.scheme])
        if not is_same and after.hostname not in self._manners.allow_hosts:
            raise FetchRefusedError(
                "the service leads to another host",
                value=after.hostname if after.hostname != before.hostname else f"{after.hostname}:{_port(after)}",
                next_step="look where it leads; if that is right, name the host under [http] allow_hosts of the source",
                **self.where,
                url=url,
            )
        return target

    @contextmanager
    def _answered(
        self, call: Call, known: Known | None, bytes_max: int | None
    ) -> Iterator[tuple[Partial, requests.Response, Part | None]]:
        """A whole answer on disk that is no error, until the block ends; with status 304 there is the stored part."""
        where = {**self.where, "url": call.url}
        ceiling = min(bytes_max or self._manners.bytes_max, self._manners.bytes_max)
        with ExitStack() as stack:
            patience = self._manners.seconds_max if known is not None else 0.0
            partial = stack.enter_context(hold_partial(self.store.root, call.address, patience))
            before = known(call.address) if known is not None else None
            if before is not None and (before.location != call.address or before.size_bytes > ceiling):
                before = None
            if call.form is not None:
                stack.callback(partial.clear)
            try:
                if self._manners.one_at_a_time:
                    turns = self.store.root / "partial"
                    stack.enter_context(hold_turn(turns, urlsplit(call.url).netloc, self._manners.seconds_max))
                self._budget.start(self._manners.seconds_max)
                answer = self._fill(partial, call, before, ceiling, where)
            except (requests.RequestException, GivenUpError) as error:
                raise FetchRefusedError(
                    f"the service did not answer: {type(error).__name__}",
                    value=conceal(shown(error), call.address),
                    next_step="the last good snapshot stays; try again later",
                    **where,
                ) from error
            wrong = find_error(partial.path) if answer.status_code != 304 or before is None else None
            if wrong is not None:
                partial.clear()
                raise _refused(wrong[0], conceal(wrong[1], call.address), **where)
            stack.callback(partial.clear)  # nobody goes on with a whole answer, whatever becomes of it
            yield partial, answer, before

    def _fill(
        self, partial: Partial, call: Call, before: Part | None, ceiling: int, where: dict[str, object]
    ) -> requests.Response:
        """Ask until the body is whole; the answer that completed it, its body read."""
        failures, most = 0, partial.size
        while True:
            try:
                resume = partial.headers if call.form is None else {}
                with self._open(call, {**conditions(before), **resume}, where) as answer:
                    if not (before is not None and answer.status_code == 304):
                        self._receive(answer, partial, ceiling, where)
                    return answer
            except BrokenBodyError as error:
                # Only what brings more than ever before is progress: else a service that cuts always at the same
                # place would be asked for ever.
                failures = 0 if partial.size > most else failures + 1
                most = max(most, partial.size)
                if failures > int(self._retries.total or 0):
                    raise FetchRefusedError(
                        "the connection broke, every time: the answer stopped short",
                        value=error,
                        next_step="the last good snapshot stays; fetch again",
                        **where,
                    ) from error
                wait = min(self._retries.backoff_factor * 2.0**failures, self._retries.backoff_max)
                self._budget.check(wait)
                time.sleep(wait)

    def _open(self, call: Call, headers: Mapping[str, str], where: dict[str, object]) -> requests.Response:
        """The answer to one request, after redirects, its body not yet read."""
        url = call.url
        for _ in range(REDIRECTS_MAX + 1):
            PACE.wait(urlsplit(url).netloc, self._manners.requests_per_second)
            self._budget.check()
            answer = call.send(self._session, url, headers)
            if not answer.is_redirect:
                return answer
            answer.close()
            url = self.follow(url, answer.headers["Location"])
        raise _refused("the service redirects for ever", url, **where)

    def _receive(self, answer: requests.Response, partial: Partial, ceiling: int, where: dict[str, object]) -> None:
        """Read the body of an answer onto what is there.

        Raises:
            BrokenBodyError: it is not whole.
            FetchRefusedError: an error status, HTML, or more than the ceiling.
        """
        if answer.status_code == 416 or (answer.status_code == 206 and not partial.continues(answer)):
            partial.clear()
            raise BrokenBodyError("the rest is of another file than the beginning")
        if not answer.ok:
            what = f"the service refused: {answer.status_code} {answer.reason or ''}".rstrip()
            raise _refused(what, conceal(said(_head(answer)), str(where["url"])) or None, **where)
        if "html" in answer.headers.get("Content-Type", "").lower():
            text = conceal(said(_head(answer)), str(where["url"]))
            raise _refused("a page of HTML instead of data", text or None, **where)
        if answer.status_code != 206:
            partial.begin(answer)
        room = min(ceiling, self.store.free_bytes() + partial.size)
        if (partial.total or 0) > room:
            raise _too_large(partial, partial.total, room, **where)
        size = partial.size
        with partial.path.open("ab") as target:
            while block := self._read(answer):
                size += len(block)
                if size > room:
                    raise _too_large(partial, size, room, **where)
                target.write(block)
                self.progress(conceal(answer.url, str(where["url"])), size, partial.total)
        if partial.total is not None and size != partial.total:
            if size > partial.total:
                partial.clear()
            raise BrokenBodyError(f"{size} of {partial.total} bytes")

    def _read(self, answer: requests.Response) -> bytes:
        self._budget.check()
        try:
            block: bytes = answer.raw.read(READ_BYTES, decode_content=True)
        except (OSError, HTTPError) as error:  # read() on the raw stream raises urllib3's own errors
            raise BrokenBodyError(shown(error)) from error
        return block


def _port(place: SplitResult) -> int | None:
    return place.port or PORTS[place.scheme]


def _head(answer: requests.Response) -> str:
    try:
        head: bytes = answer.raw.read(HEAD_BYTES, decode_content=True)
    except (OSError, HTTPError):
        return ""
    return head.decode(answer.encoding or "utf-8", "replace")


def _too_large(partial: Partial, size: int | None, room: int, **where: object) -> FetchRefusedError:
    partial.clear()
    return FetchRefusedError(
        "the answer is larger than the ceiling, or than the room on the disk",
        value=f"{size} of at most {room} bytes",
        next_step="look what it holds; the ceiling is [http] bytes_max of the source",
        **where,
    )


def _refused(what: str, value: Any, **where: object) -> FetchRefusedError:
    return FetchRefusedError(
        what, value=value, next_step="the last good snapshot stays; open the address and look", **where
    )
