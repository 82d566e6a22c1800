"""Make a large OSM extract out of a small one, for measuring: every element COPIES times, with new ids.

python docs/benchmarks/osm_enlarge.py antwerpen/osm.osm.pbf 520 /tmp/large.osm.pbf
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import osmium

PLACE = "\x01"  # where the number of the copy goes


def main(source: str, copies: int, target: str) -> None:
    """Renumber from 1, write every line `copies` times ordered by id, and turn the text into PBF."""
    with TemporaryDirectory(dir=Path(target).parent) as folder:
        small, marked, large = (Path(folder, name) for name in ("small.opl", "marked.txt", "large.opl"))
        with osmium.SimpleWriter(osmium.io.File(str(small), "opl,add_metadata=version+timestamp")) as writer:
            osmium.apply(osmium.io.Reader(source), writer)
        numbers: dict[str, int] = {}

        def renumber(match: re.Match[str]) -> str:
            kind, old, rest = match[1], match[2], match[3] or ""
            return f"{kind}{numbers.setdefault(kind + old, 1 + len(numbers))}{PLACE}{rest}"

        with small.open(encoding="utf-8") as lines, marked.open("w", encoding="utf-8") as out:
            for line in lines:
                head, *middle, body = line.rstrip("\n").split(" ")
                head = re.sub(r"^([nwr])(-?\d+)()$", renumber, head)
                if head[0] != "n":
                    body = body[0] + re.sub(r"([nwr])(-?\d+)(@[^,]*)?(?=,|$)", renumber, body[1:])
                out.write(" ".join([head, *middle, body]) + "\n")
        con = duckdb.connect()
        text = "header=false, delim='\t', quote='', escape='', columns={'line': 'VARCHAR'}"
        read = f"read_csv('{marked}', {text})"
        digits = len(str(copies - 1))
        con.execute(
            f"COPY (SELECT replace(line, '{PLACE}', lpad(CAST(copy AS VARCHAR), {digits}, '0')) FROM "
            f"(SELECT line, unnest(range({copies})) AS copy FROM {read})) "
            f"TO '{large}' (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '')"
        )
        Path(target).unlink(missing_ok=True)
        # Copies compress so well that GDAL takes the file for a zip bomb, and stops: no compression.
        with osmium.SimpleWriter(osmium.io.File(target, "pbf,pbf_compression=none")) as writer:
            osmium.apply(osmium.io.Reader(osmium.io.File(str(large), "opl")), writer)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
