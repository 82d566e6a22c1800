"""`onbenut demo`: the made-up city, end to end, offline."""

from __future__ import annotations

from flows.commands.run import report
from flows.commands.terminal import console, progress, table
from flows.demo import NAME, demo_city
from flows.query import open_warehouse, rows
from flows.run import run_city
from flows.status import city_status
from flows.workspace import Workspace
from sources._kit.city import load_city

_TOP = """
    SELECT priority_rank, building_id, type_label, coalesce(name, address, '') AS what, underuse_band, underuse_probability,
        underuse_low, underuse_high, priority_score
    FROM layer.building WHERE audience = 'public' ORDER BY priority_rank LIMIT 10
"""


def demo(space: Workspace, buildings: int, seed: int) -> int:
    """Make the city where needed, run it, print its ten first rows and where everything is.

    Raises:
        OnbenutError: the city cannot be made or run.
    """
    with progress() as show:
        path = demo_city(space, buildings, seed, lambda: show("make", f"{buildings} buildings"))
        outcome = run_city(load_city(path, space.cities), space, progress=show)
    out = console()
    report(outcome, city_status(NAME, space), out)
    con = open_warehouse(NAME, space)
    try:
        top = rows(con, _TOP)
    finally:
        con.close()
    lines = [
        (
            row["priority_rank"],
            row["building_id"],
            row["type_label"],
            row["what"],
            row["underuse_band"],
            f"{row['underuse_probability']:.0%} ({row['underuse_low']:.0%} - {row['underuse_high']:.0%})",
            f"{row['priority_score']:.1f}",
        )
        for row in top
    ]
    columns = ("rank", "building", "type", "name or address", "band", "out of use (80%)", "priority")
    out.print(table("\nThe ten first of the public layer", columns, lines, right=("rank", "priority")))
    example = top[0]["building_id"] if top else "ID"
    out.print(f"\nRaw files and the planted truth: {path.parent}", soft_wrap=True)
    out.print("\nNext: open map.html in a browser, or the GeoPackage in QGIS; then")
    for command in (
        f"onbenut explain {NAME} {example}",
        f"onbenut status {NAME}",
        f'onbenut sql {NAME} "SELECT type, count(*) FROM score.building GROUP BY ALL ORDER BY 2 DESC"',
        f"onbenut dossier {NAME} {example} --to dossier.html",
        f"onbenut export {NAME} --to churches.geojson --where \"type = 'church'\"",
    ):
        out.print(f"  {command}", soft_wrap=True)
    return 0
