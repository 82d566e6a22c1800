"""Which place an export is of: a box in the city's CRS, or the polygons of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sources._kit.errors import OnbenutError

if TYPE_CHECKING:
    import geopandas

Box = tuple[float, float, float, float]
_FAR_M = 10_000  # beyond the outermost building; a place further off is another city, or in another CRS than it says


class ExportError(OnbenutError):
    """The export cannot be made as asked."""


def parse_box(text: str) -> Box:
    """Four numbers with commas, in order.

    Raises:
        ExportError: not four numbers, or a minimum above its maximum.
    """
    try:
        low_x, low_y, high_x, high_y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ExportError(
            "a box is four numbers", value=text, next_step="--bbox minx,miny,maxx,maxy in the city's CRS"
        ) from error
    if not (low_x <= high_x and low_y <= high_y):
        raise ExportError("a box runs from low to high", value=text, next_step="--bbox minx,miny,maxx,maxy")
    return low_x, low_y, high_x, high_y


def read_area(path: Path, city: str, crs: str, extent: Box | None) -> bytes:
    """All polygons of a file as one.

    Args:
        path: GeoJSON, GeoPackage, Shapefile or GeoParquet, in any CRS that it states.
        city: whose export it is, for the errors.
        crs: the city's metric CRS as `EPSG:<code>`.
        extent: box around the city's buildings in that CRS; None where there are none.

    Returns:
        WKB of a valid polygon or multipolygon in `crs`.

    Raises:
        ExportError: no such file, one that cannot be read, no CRS, no polygons, a broken one, or nowhere near the city.
    """
    import numpy as np
    import shapely

    where = {"city": city, "file": path}
    frame = _read(path, where)
    if frame.crs is None:
        raise ExportError(
            "the area does not say in which CRS it is",
            next_step="save it with its CRS: a Shapefile needs its .prj, GeoParquet its metadata",
            **where,
        )
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    kinds = np.unique(shapely.get_type_id(shapes))
    if not len(shapes) or not set(kinds) <= {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}:
        found = ", ".join(shapely.GeometryType(kind).name.lower() for kind in kinds) or "nothing"
        raise ExportError("the area is not made of polygons", value=found, next_step="draw polygons", **where)
    if not (good := shapely.is_valid(shapes)).all():
        reason = shapely.is_valid_reason(shapes[~good][0])
        raise ExportError(
            "a polygon of the area is broken",
            value=reason,
            rows=int((~good).sum()),
            next_step="mend it, as `Fix geometries` of QGIS does: what a broken line encloses is a guess",
            **where,
        )
    import geopandas

    area = shapely.union_all(geopandas.GeoSeries(shapes, crs=frame.crs).to_crs(crs).to_numpy())
    off = np.inf if not np.isfinite(area.bounds).all() else 0.0
    if not off and extent is not None:
        off = shapely.distance(area, shapely.box(*extent))
    if off > _FAR_M:
        raise ExportError(
            "the area is nowhere near the city",
            value=f"{off / 1000:.0f} km away" if np.isfinite(off) else "outside the CRS of the city",
            crs=frame.crs.to_string()[:60],
            next_step="see that it is the right file, and that its CRS is the one it states",
            **where,
        )
    if not area.is_valid:  # projecting may pinch a corner
        area = shapely.make_valid(area, method="structure", keep_collapsed=False)
    wkb: bytes = shapely.to_wkb(area)
    return wkb


def _read(path: Path, where: dict[str, Any]) -> geopandas.GeoDataFrame:
    import geopandas
    import pyarrow as pa
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

    if not path.is_file():
        raise ExportError("no such file", next_step="name a file with polygons", **where)
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return geopandas.read_parquet(path)
        layers = [name for name, kind in pyogrio.list_layers(path) if kind is not None]
        if len(layers) != 1:
            raise ExportError(
                "the file holds several layers" if layers else "the area is not made of polygons",
                value=", ".join(layers) or "nothing",
                next_step="save the layer you mean as a file of its own",
                **where,
            )
        return pyogrio.read_dataframe(path, layer=layers[0], columns=[])
    except (DataSourceError, DataLayerError, FeatureError, pa.ArrowInvalid, OSError, ValueError) as error:
        raise ExportError(
            "the area cannot be read",
            value=str(error)[:200],
            next_step="GeoJSON, GeoPackage, Shapefile and GeoParquet can",
            **where,
        ) from error
