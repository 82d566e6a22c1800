"""Answers in tiles as one extract: sorted, and each element once, in its newest version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import osmium

from sources._osm.opening import form_of, reading

JOINED = "pbf,pbf_compression=none,add_metadata=version+timestamp"


@contextmanager
def joined(paths: Sequence[Path], scratch: Path | None = None) -> Iterator[Path]:
    """One file with the elements of all, until the block ends; a single file is itself.

    All elements are in memory meanwhile, about as many bytes as their XML.

    Raises:
        UnreadableSnapshotError: one of them breaks off or is not OSM.
    """
    if len(paths) == 1:
        yield paths[0]
        return
    with TemporaryDirectory(prefix="onbenut-osm-", dir=scratch) as folder:
        elements = osmium.MergeInputReader()
        for number, path in enumerate(paths):
            # libosmium tells a format by the name here, and a stored snapshot has none.
            link = Path(folder, f"{number}.{form_of(path)}")
            link.symlink_to(path.absolute())
            with reading(path):
                elements.add_file(str(link))
        target = Path(folder, "joined.osm.pbf")
        with osmium.SimpleWriter(osmium.io.File(str(target), JOINED)) as writer:
            elements.apply(writer, simplify=True)
        del elements
        yield target
