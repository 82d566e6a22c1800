"""Opening DuckDB files: one place that knows the extension, the memory and the quoting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sources._kit.errors import OnbenutError

DEFAULT_MEMORY = "5GB"


def extension_path() -> Path:
    """Path of the spatial extension that the package `duckdb-extension-spatial` carries for this DuckDB.

    Raises:
        OnbenutError: the package is absent or made for another version of DuckDB.
    """
    import duckdb_extension_spatial

    root = Path(duckdb_extension_spatial.__file__).parent / "extensions"
    path = root / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
    if not path.exists():
        raise OnbenutError(
            "no spatial extension for this DuckDB",
            value=duckdb.__version__,
            next_step="run `make setup` again",
        )
    return path


def connect(path: Path | None = None, *, read_only: bool = False, spatial: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file (or memory) with the settings every floor relies on.

    The spatial extension comes from a pinned package, so nothing is downloaded and its signature is checked.
    Memory and threads follow ONBENUT_MEMORY (default 5GB) and ONBENUT_THREADS (default: all cores); what does not
    fit goes to a folder beside the file.
    """
    con = duckdb.connect(":memory:" if path is None else str(path), read_only=read_only)
    con.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    con.execute(f"SET memory_limit = {literal(os.environ.get('ONBENUT_MEMORY', DEFAULT_MEMORY))}")
    if threads := os.environ.get("ONBENUT_THREADS"):
        con.execute(f"SET threads = {int(threads)}")
    if path is not None and not read_only:
        con.execute(f"SET temp_directory = {literal(str(path) + '.tmp')}")
    if spatial:
        con.load_extension(str(extension_path()))
    return con


@contextmanager
def at_once(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All statements of the block, or none of them. Many small ones are far faster so: each alone would wait for the disk."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        con.rollback()
        raise


def identifier(name: str) -> str:
    """Quote a name for use in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Quote a value as an SQL string literal; None becomes NULL."""
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
