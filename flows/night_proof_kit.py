"""Processes and addresses of `make night`: started on the loopback address, waited for, and ended whatever happens."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """A process and all it starts, ended with the block."""
    with log.open("w") as handle:
        process = subprocess.Popen(command, env=env, stdout=handle, stderr=handle, start_new_session=True)  # noqa: S603
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def artifact_of(port: int) -> str | None:
    """The summary as Prefect holds it; None as long as it does not."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/api/artifacts/night/latest", timeout=10) as answer:
            body: dict[str, Any] = json.load(answer)
    except (URLError, TimeoutError):
        return None
    return str(body["data"])


def answers(url: str) -> bool:
    """Whether a server is up."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - of our own server
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def wait(is_done: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so, for some seconds at most."""
    until = time.monotonic() + seconds
    while not is_done() and time.monotonic() < until:
        time.sleep(1)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])
