"""Logs for machines: one JSON object a line, of a few named fields and nothing else."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_NAMES = {"flow_run_name": "run", "task_run_name": "task"}


class JsonLines(logging.Formatter):
    """Formats a record as one line.

    Arguments and tracebacks are left out, as they may hold what a register says; what a run says of itself is in its message.
    """

    def __init__(self, *_given: object, **_named: object) -> None:
        """The formats that a configuration brings along have no meaning here."""
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """One record as JSON."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            **{short: value for name, short in _NAMES.items() if (value := getattr(record, name, None))},
            "said": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)
