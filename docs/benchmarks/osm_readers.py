"""Measure what can read an OSM extract: seconds, peak memory, and what of the buildings comes through.

    python docs/benchmarks/osm_readers.py /data/osm/*.osm.pbf /data/brugge/osm.osm
    python docs/benchmarks/osm_readers.py --only house,gdal /tmp/large.osm.pbf
    python docs/benchmarks/osm_readers.py --quackosm /tmp/quackosm-venv/bin/python ...


Every reader runs in a process of its own. `tests.osm` is a made-up file of awkward elements. QuackOSM is no
dependency: install it with duckdb==1.5.5 and duckdb-extension-spatial==1.5.5 elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
AWKWARD = """<osm version="0.6">
<node id="1" lat="51.0" lon="4.0"/><node id="2" lat="51.0" lon="4.1"/><node id="3" lat="51.1" lon="4.1"/>
<node id="4" lat="51.1" lon="4.0"/><node id="5" lat="51.02" lon="4.02"/><node id="6" lat="51.02" lon="4.05"/>
<node id="7" lat="51.05" lon="4.05"/>
{ways}
<relation id="1" version="3" timestamp="2020-01-02T03:04:05Z"><member type="way" ref="11" role="outer"/>
<member type="way" ref="12" role="inner"/><tag k="type" v="multipolygon"/><tag k="building" v="church"/>
</relation>
<relation id="2" version="3" timestamp="2020-01-02T03:04:05Z"><member type="way" ref="999" role="outer"/>
<tag k="type" v="multipolygon"/><tag k="building" v="church"/></relation>
<relation id="3"><member type="way" ref="17" role="outer"/><member type="way" ref="12" role="inner"/>
<tag k="type" v="multipolygon"/></relation>
</osm>"""
IS_BUILDING = "len(list_filter(map_keys(tags), lambda k: k = 'building' OR ends_with(k, ':building'))) > 0"
WAYS = {
    10: ("1 2 3 4 1", "building=yes,source=survey,note=x,building:levels=2"),
    11: ("1 2 3 4 1", ""),
    12: ("5 6 7 5", ""),
    13: ("1 2 1", "building=yes"),
    14: ("1 2 3 4", "building=yes"),
    15: ("1 2 4 3 1", "building=yes"),
    16: ("1 2 3 4 1", "razed:building=yes"),
    17: ("1 2 3 4 1", "building=old_style"),
    18: ("1 2 77 4 1", "building=yes"),
}


def awkward_file(folder: Path) -> Path:
    """Write the made-up file: a ring of two points, an open way, a bow tie, a razed building ..."""
    ways = "".join(
        f'<way id="{number}" version="4" timestamp="2020-01-02T03:04:05Z">'
        + "".join(f'<nd ref="{node}"/>' for node in nodes.split())
        + "".join('<tag k="{}" v="{}"/>'.format(*tag.split("=")) for tag in tags.split(",") if tag)
        + "</way>"
        for number, (nodes, tags) in WAYS.items()
    )
    path = folder / "tests.osm"
    path.write_text(AWKWARD.format(ways=ways), encoding="utf-8")
    return path


def house(path: Path) -> dict[str, object]:
    """The reader of sources/osm_extract.py."""
    sys.path.insert(0, str(ROOT))
    from sources._kit.duck import connect
    from sources._osm.tables import read_extract

    with TemporaryDirectory() as folder:
        con = connect(Path(folder, "w.duckdb"))
        read_extract(path, con)
        rows = f"FROM osm_building WHERE {IS_BUILDING}"
        return _facts(
            con.execute(
                "SELECT osm_id, geom IS NOT NULL, osm_timestamp IS NOT NULL, cardinality(tags), "
                "ST_NumInteriorRings(CASE WHEN "
                f"ST_GeometryType(geom) = 'POLYGON' THEN geom END) {rows}"
            ).fetchall()
        )


def pyosmium(path: Path) -> dict[str, object]:
    """Pyosmium's FileProcessor with areas, tags and WKB per element in Python."""
    import osmium
    import shapely

    # An area that libosmium could not put together comes without rings.
    factory, rows = osmium.geom.WKBFactory(), []
    for area in osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.EntityFilter(osmium.osm.AREA)):
        tags = {tag.k: tag.v for tag in area.tags} if area.num_rings()[0] else {}
        if any(key == "building" or key.endswith(":building") for key in tags):
            kind = "w" if area.from_way() else "r"
            rows.append(
                (
                    f"{kind}{area.orig_id()}",
                    factory.create_multipolygon(area),
                    area.timestamp.year > 1970,
                    len(tags),
                )
            )
    shapes = shapely.from_wkb([row[1] for row in rows])
    rings = [len(g.geoms[0].interiors) if len(g.geoms) == 1 else None for g in shapes]
    return _facts([(i, True, stamp, n, ring) for (i, _, stamp, n), ring in zip(rows, rings, strict=True)])


def gdal(path: Path) -> dict[str, object]:
    """GDAL's OSM driver through pyogrio's Arrow stream, told to give every key and the time stamp."""
    import pyogrio
    import shapely

    with TemporaryDirectory() as folder:
        conf = Path(folder, "osmconf.ini")
        layers = ["points", "lines", "multipolygons", "multilinestrings", "other_relations"]
        body = "osm_id=yes\nosm_version=yes\nosm_timestamp=yes\nall_tags=yes\nignore=\nattributes=\n"
        conf.write_text(
            "[general]\nclosed_ways_are_polygons=building\nattribute_name_laundering=no\n"
            "report_all_tags=yes\ntags_format=json\n"
            + "".join(
                f"[{layer}]\n{body}" + ("osm_id=yes\nosm_way_id=yes\n" if layer == "multipolygons" else "")
                for layer in layers
            ),
            encoding="utf-8",
        )
        pyogrio.set_gdal_config_options({"OSM_CONFIG_FILE": str(conf)})
        rows = []
        with pyogrio.open_arrow(str(path), layer="multipolygons", use_pyarrow=True) as (_, reader):
            for batch in reader:
                table = batch.to_pydict()
                shapes = shapely.from_wkb(table["wkb_geometry"], on_invalid="ignore")
                for i, tags in enumerate(table["all_tags"]):
                    keys = json.loads(tags or "{}")
                    if any(k == "building" or k.endswith(":building") for k in keys):
                        osm_id = f"w{table['osm_way_id'][i]}" if table["osm_way_id"][i] else f"r{table['osm_id'][i]}"
                        one = shapes[i].geoms[0] if shapes[i] is not None and len(shapes[i].geoms) == 1 else None
                        rows.append(
                            (
                                osm_id,
                                shapes[i] is not None,
                                table["osm_timestamp"][i] is not None,
                                len(keys),
                                one and len(one.interiors),
                            )
                        )
        return _facts(rows)


def duckdb_plain(path: Path) -> dict[str, object]:
    """DuckDB's `ST_ReadOSM`; closed ways put together in SQL, relations not at all."""
    sys.path.insert(0, str(ROOT))
    from sources._kit.duck import connect

    con = connect()
    con.execute(f"CREATE TABLE node AS SELECT id, lon, lat FROM ST_ReadOSM('{path}') WHERE kind = 'node'")
    con.execute(f"""CREATE TABLE building AS SELECT kind, id, tags, refs FROM ST_ReadOSM('{path}')
        WHERE kind IN ('way', 'relation') AND ({IS_BUILDING})""")
    return _facts(
        con.execute("""
        WITH corner AS (
            SELECT id, generate_subscripts(refs, 1) AS place, unnest(refs) AS ref FROM building
            WHERE kind = 'way'
        ), ring AS (
            SELECT c.id, list(ST_Point(lon, lat) ORDER BY place) AS points
            FROM corner AS c JOIN node AS n ON n.id = ref GROUP BY c.id
        ), shape AS (
            SELECT id, ST_MakePolygon(ST_MakeLine(points)) AS geom
            FROM ring WHERE len(points) > 3 AND points[1] = points[-1]
        )
        SELECT left(kind::VARCHAR, 1) || b.id, geom IS NOT NULL, false, cardinality(tags),
            ST_NumInteriorRings(geom)
        FROM building AS b LEFT JOIN shape AS s ON s.id = b.id AND kind = 'way'""").fetchall()
    )


def quackosm(path: Path) -> dict[str, object]:
    """QuackOSM: everything with a building key, to GeoParquet."""
    import duckdb
    import duckdb_extension_spatial

    with TemporaryDirectory() as folder:
        # It insists on downloading the extension, unless that lies where a download would have put it.
        packaged = Path(duckdb_extension_spatial.__file__).parent / "extensions" / f"v{duckdb.__version__}"
        there = Path(folder, ".duckdb/extensions", packaged.name, "linux_amd64")
        there.mkdir(parents=True)
        shutil.copy(packaged / "spatial.duckdb_extension", there)
        os.environ["HOME"] = folder
        import quackosm as qosm

        frame = qosm.convert_pbf_to_geodataframe(
            path,
            tags_filter={"building": True, "*:building": True},
            explode_tags=False,
            keep_all_tags=True,
            working_directory=folder,
            verbosity_mode="silent",
        )
    return _facts(
        [
            (
                i.split("/")[0][0] + i.split("/")[1],
                not g.is_empty and "Polygon" in g.geom_type,
                False,
                len(t),
                len(g.interiors) if g.geom_type == "Polygon" else None,
            )
            for i, g, t in zip(frame.index, frame.geometry, frame["tags"], strict=True)
            if i[0] != "n"
        ]
    )


def _facts(rows: list[tuple]) -> dict[str, object]:
    by_id = {row[0]: row for row in rows}
    return {
        "rows": len(rows),
        "polygons": sum(bool(row[1]) for row in rows),
        "of relations": sum(bool(row[1]) for row in rows if row[0][0] == "r"),
        "dated": sum(bool(row[2]) for row in rows),
        "tags": sum(row[3] for row in rows),
        "awkward": {i: (f"{row[4]} holes" if row[1] else "no outline") for i, row in sorted(by_id.items())},
    }


READERS = {f.__name__: f for f in (house, pyosmium, gdal, duckdb_plain, quackosm)}


def measure(python: str, reader: str, path: Path) -> dict[str, object]:
    """Run one reader in its own process; what it cannot do becomes the word for it."""
    done = subprocess.run(  # noqa: S603
        [python, __file__, "--child", reader, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1][:90]}
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print one Markdown row per extract and reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child")
    parser.add_argument("--only", default=",".join(READERS))
    parser.add_argument("--quackosm", default=sys.executable)
    parser.add_argument("extracts", nargs="*", type=Path)
    options = parser.parse_args()
    if options.child:
        started = time.perf_counter()
        facts = READERS[options.child](options.extracts[0])
        facts["seconds"] = round(time.perf_counter() - started, 1)
        facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(facts))
        return
    columns = ["rows", "polygons", "of relations", "dated", "tags", "seconds", "peak_mb"]
    print(
        f"{os.cpu_count()} cores\n\n| extract | reader | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 2)
    )
    with TemporaryDirectory() as folder:
        for path in [*options.extracts, awkward_file(Path(folder))]:
            for reader in options.only.split(","):
                python = options.quackosm if reader == "quackosm" else sys.executable
                facts = measure(python, reader, path)
                cells = (
                    [str(facts.get(c, "")) for c in columns]
                    if "failed" not in facts
                    else [f"fails: {facts['failed']}"] + [""] * 6
                )
                print(f"| {path.parent.name}/{path.name} | {reader} | " + " | ".join(cells) + " |", flush=True)
                if path.name == "tests.osm" and "awkward" in facts:
                    print(f"  {facts['awkward']}")


if __name__ == "__main__":
    main()
