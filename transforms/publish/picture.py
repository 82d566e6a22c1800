"""A printed map of the layer for people who have no GIS open: the README, a slide, a letter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt
import shapely

from sources._kit.duck import literal
from transforms.publish import symbols
from transforms.publish.picture_frame import OUTLINE_POINTS_PER_MM, draw_margin, draw_scale
from transforms.publish.rows import attributions
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Geometries = npt.NDArray[np.object_]

_DPI = 200
_HEIGHT = 0.68  # of the picture, over its width
_MAP = 0.73  # share of the width that is map; the rest is margin with heading and legend
_ASPECT = _HEIGHT / _MAP
_CELL_M = 50.0
_COLOURS = 160
_GROUND = "#f6f4ef"
_BACKGROUND = "#dcd8ce"


def draw_map(
    con: duckdb.DuckDBPyConnection,
    picture: Path,
    *,
    title: str,
    audience: str = "public",
    background: str | None = "core.building",
    width_m: float = 1200.0,
    width_px: int = 1000,
) -> Path:
    """Draw the published layer where it is densest: fill by priority, outline by band, others light grey.

    Args:
        con: warehouse with `layer.building` and `layer.source`; coordinates in metres.
        picture: PNG to write.
        title: heading, for example the city's name.
        audience: whose layer.
        background: table or view with `geom` of all buildings; None or one that does not exist draws none.
        width_m: width of the part of the city that is shown; less when the layer itself is smaller.
        width_px: width of the picture.

    Returns:
        `picture`.
    """
    # The object interface: no window system, and no state left behind for another thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    rows = con.execute(
        "SELECT CAST(ST_AsWKB(geom) AS BLOB) AS geom, underuse_band, priority_score FROM layer.building "
        f"WHERE audience = {literal(audience)} ORDER BY priority_score NULLS FIRST, building_id"
    ).to_arrow_table()
    shapes: Geometries = shapely.from_wkb(rows["geom"].to_numpy())
    bands = rows["underuse_band"].fill_null(symbols.UNKNOWN.value).to_numpy()
    scores = rows["priority_score"].cast("double").to_numpy()  # NULL becomes NaN, which no class holds
    window = _densest(shapes, np.where(bands == symbols.UNKNOWN.value, 0.0, np.nan_to_num(scores)), width_m)

    size = width_px / _DPI
    figure = Figure(figsize=(size, size * _HEIGHT), dpi=_DPI, facecolor="#ffffff")
    axes = figure.add_axes((0, 0, _MAP, 1), facecolor=_GROUND)
    axes.set(xlim=window[0::2], ylim=window[1::2], aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if background is not None and _exists(con, background):
        _add_shapes(axes, _background(con, background, window), facecolor=_BACKGROUND, edgecolor="none", linewidth=0)
    seen = shapely.intersects(shapes, shapely.box(*window))
    _draw_layer(axes, shapes[seen], bands[seen], scores[seen])
    margin = figure.add_axes((_MAP, 0, 1 - _MAP, 1), facecolor="#ffffff")
    draw_margin(
        margin,
        title,
        f"{seen.sum()} van {len(shapes)} gebouwen in beeld",
        attributions(con, audience),
    )
    draw_scale(axes)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    picture.parent.mkdir(parents=True, exist_ok=True)
    # A palette makes the file a third as large; nothing in it tells when it was made.
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(_COLOURS).save(picture, optimize=True)
    return picture


def _draw_layer(axes: Axes, shapes: Geometries, bands: Geometries, scores: npt.NDArray[np.float64]) -> None:
    """Fills first, then outlines from unknown to confirmed: no sure outline lies under an unsure one."""
    unknown = (bands == symbols.UNKNOWN.value) | np.isnan(scores)
    _add_shapes(axes, shapes[unknown], facecolor=symbols.UNKNOWN_COLOUR, edgecolor="none", linewidth=0)
    for item in PRIORITY_CLASSES:
        inside = ~unknown & (scores < (np.inf if item.high is None else item.high))
        inside &= scores >= (-np.inf if item.low == 0 else item.low)
        _add_shapes(axes, shapes[inside], facecolor=item.colour, edgecolor="none", linewidth=0)
    for band in reversed(BANDS):
        width = band.width_mm * OUTLINE_POINTS_PER_MM
        _add_shapes(axes, shapes[bands == band.value], facecolor="none", edgecolor=band.colour, linewidth=width)


def _add_shapes(axes: Axes, shapes: Geometries, **look: str | float) -> None:
    """Add all polygons as one compound path: a hundred thousand cost one draw call, and holes stay holes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    # Of a multipolygon get_rings gives none.
    rings = shapely.get_rings(shapely.get_parts(shapes))
    if not len(rings):
        return
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(coordinates), Outline.LINETO, dtype=np.uint8)
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    codes[starts] = Outline.MOVETO
    codes[np.append(starts[1:], len(codes)) - 1] = Outline.CLOSEPOLY
    axes.add_patch(PathPatch(Outline(coordinates, codes), joinstyle="miter", **look))


def _densest(shapes: Geometries, worth: npt.NDArray[np.float64], width_m: float) -> npt.NDArray[np.float64]:
    """Window (min x, min y, max x, max y; metres) of the picture's shape that holds the most worth.

    Where several windows are equally good the first from the south-west is taken, lest the picture jump.
    """
    extent = np.array([width_m, width_m * _ASPECT])
    if not len(shapes):
        return np.concatenate([-extent / 2, extent / 2])
    bounds = shapely.bounds(shapes)
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    whole = high - low
    if (whole <= extent).all():
        extent = max(whole[0], whole[1] / _ASPECT, _CELL_M) * 1.12 * np.array([1.0, _ASPECT])
        middle = (low + high) / 2
        return np.concatenate([middle - extent / 2, middle + extent / 2])
    reach = np.round(extent / _CELL_M).astype(int)
    # The grid has an empty rim, or what lies at the edge of the city could never come to the middle.
    corner = low - reach * _CELL_M
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2
    column, row = np.floor((centres - corner) / _CELL_M).astype(int).T
    grid = np.zeros(np.ceil(whole / _CELL_M).astype(int) + 2 * reach + 1)
    np.add.at(grid, (column, row), worth + 1)  # plus 1: where nothing is worth a visit, most buildings win
    # Two sums over half the window weigh its middle most: what counts should not hang off the edge.
    half = reach // 2
    sums = _box_sums(_box_sums(grid, half + 1), reach - half)
    best = corner + np.array(np.unravel_index(np.argmax(sums), sums.shape)) * _CELL_M + reach * _CELL_M / 2
    return np.concatenate([best - extent / 2, best + extent / 2])


def _box_sums(grid: npt.NDArray[np.float64], reach: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """Sum over every box of `reach` cells, by the corner it starts from; one cumulative table serves all."""
    table = np.pad(grid.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    a, b = reach
    sums: npt.NDArray[np.float64] = table[a:, b:] - table[:-a, b:] - table[a:, :-b] + table[:-a, :-b]
    return sums


def _background(con: duckdb.DuckDBPyConnection, table: str, window: npt.NDArray[np.float64]) -> Geometries:
    found = con.execute(
        f"SELECT CAST(ST_AsWKB(geom) AS BLOB) AS geom FROM {table} "
        "WHERE ST_Intersects(geom, ST_MakeEnvelope(?, ?, ?, ?)) AND NOT ST_IsEmpty(geom)",
        window.tolist(),
    ).to_arrow_table()
    shapes: Geometries = shapely.from_wkb(found["geom"].to_numpy())
    return shapes


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    found = con.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
        [schema or "main", name],
    ).fetchone()
    return found is not None
