"""Processes of a proof: forked from one that has imported everything, so that a kill a second is affordable.

Nothing may have opened DuckDB in the process that forks: threads do not live through that.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any


def apart(function: Callable[..., Any], *given: Any) -> Any:
    """What a function returns, as JSON carries it, called in a process of its own.

    Raises:
        RuntimeError: it raised.
    """
    return begin_apart(function, *given)()


def begin_apart(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """Begin to call a function in a process of its own; what this gives waits for it and returns what `apart` does."""
    reading, writing = os.pipe()
    if not (process := os.fork()):
        status = 1
        try:
            with os.fdopen(writing, "wb") as stream:
                stream.write(json.dumps(function(*given)).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - told by the status
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)

    def end() -> Any:
        with os.fdopen(reading, "rb") as stream:
            answer = stream.read()
        if os.waitpid(process, 0)[1] != 0:
            raise RuntimeError(f"{function.__name__} failed")
        return json.loads(answer)

    return end


def kill_after(process: int, seconds: float) -> float | None:
    """Kill a process so many seconds after this call; where it ended before, the seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if os.waitpid(process, os.WNOHANG)[0]:
            return time.monotonic() - began
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None
