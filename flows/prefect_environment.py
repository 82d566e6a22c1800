"""What Prefect is told before it is imported, as it reads its settings then. What the user has set stays."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from flows.workspace import workspace

LOG_VARIABLE = "ONBENUT_LOG"
SERVER = "http://127.0.0.1:4200/api"
"""Where `prefect server start` listens if not told otherwise."""


def prefect_environment() -> dict[str, str]:
    """Settings that are not set yet: no telemetry, everything within our home, and logs for machines where asked for."""
    wanted = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(workspace().home / "data" / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    if os.environ.get(LOG_VARIABLE) == "json":
        wanted |= {
            "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
            "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "flows.log_lines.JsonLines",
        }
    if "PREFECT_HOME" not in os.environ:
        with suppress(OSError):  # Prefect says so itself where it may not write; it makes its folder, but none above it
            Path(wanted["PREFECT_HOME"]).parent.mkdir(parents=True, exist_ok=True)
    return {name: value for name, value in wanted.items() if name not in os.environ}


def server_environment() -> dict[str, str]:
    """The same for what needs a server that stays: the local one, unless another is named."""
    return prefect_environment() | {"PREFECT_API_URL": os.environ.get("PREFECT_API_URL") or SERVER}
