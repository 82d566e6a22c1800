"""A server on the loopback address that answers as a test tells it to, faults included."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """What was asked: path, query, headers, the form if one was posted; `pairs` is the query with all that came twice."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    form: dict[str, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Answer:
    """What to say: `cut` bytes of the body and then nothing, if that is less than the whole; `silence` seconds before it.

    Without `has_length` the body ends where the connection does, as a proxy's may.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    silence: float = 0.0
    has_length: bool = True


class Loopback:
    """The server; `answer` may be replaced at any time."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer, self.seen = answer, list[Request]()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two writes: without this the second waits 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True)))

            def do_GET(self) -> None:
                self._answer({})

            def _answer(self, form: dict[str, str]) -> None:
                url = urlsplit(self.path)
                pairs = parse_qsl(url.query, keep_blank_values=True)
                request = Request(url.path, dict(pairs), dict(self.headers.items()), form, pairs)
                server.seen.append(request)
                answer = server.answer(request)
                time.sleep(answer.silence)
                self.send_response(answer.status)
                length = {"Content-Length": str(len(answer.body))} if answer.has_length else {"Connection": "close"}
                for name, value in {**length, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut])
                self.close_connection = answer.cut is not None or not answer.has_length

            def log_message(self, *_args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def __enter__(self) -> Loopback:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
