"""Opendatasoft: a dataset's export, which is whole; its pages of records stop at 10,000. Held to the count of records."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sources._kit.errors import FetchRefusedError
from sources._kit.http import Client
from sources._kit.paging import PAGE_BYTES_MAX, Asked, Tally, read_page
from sources._kit.snapshot import Part


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """The one export; the URL is that of the dataset: `.../api/explore/v2.1/catalog/datasets/<id>`.

    Raises:
        FetchRefusedError: the export holds fewer or more rows than the dataset.
    """
    dataset = asked.url.rstrip("/")
    form = asked.service.format or "geojson"
    chosen = {"where": asked.setting("filter") or ""} if asked.setting("filter") else {}
    part = client.download(
        asked.part,
        f"{dataset}/exports/{form}",
        params={**chosen, **asked.service.params},
        bytes_max=PAGE_BYTES_MAX if form == "geojson" else None,
    )
    if form == "geojson":
        rows = read_page(client, part)[1].features or 0
    elif form == "csv":
        rows = _rows(client.store.blob(part.sha256))
    else:
        yield part
        return
    answer = json.loads(client.read(f"{dataset}/records", {**chosen, "limit": "1"}))
    total = answer.get("total_count") if isinstance(answer, dict) else None
    if total is None:
        raise FetchRefusedError(
            "the service does not say how many records it has",
            next_step="the last good snapshot stays; open the address and look",
            **client.where,
            url=dataset,
        )
    tally = Tally({**client.where, "part": asked.part, "url": dataset})
    tally.count = rows
    tally.close(int(total))
    yield replace(part, features=rows)


def _rows(path: Path) -> int:
    """Records of a CSV, its header left out; a record may span lines."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return max(0, sum(1 for _ in csv.reader(stream, delimiter=";")) - 1)
