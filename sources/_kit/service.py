"""How a feed's URL is asked: one file, or a service that gives its features in pages or its cells in tiles."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PAGE_SIZE_MAX = 10_000
"""GeoServer and its like give no more in one page, whatever is asked."""


class Service(BaseModel):
    """The key `service` of a feed: a kind, or a table with its settings.

    `url` is the address of the collection (`ogc_features`), the service (`wfs`, `wcs`), the layer (`arcgis`), the dataset
    (`opendatasoft`) or the interpreter (`overpass`). A setting that differs by part is a table by part, like `url`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["file", "ogc_features", "wfs", "arcgis", "opendatasoft", "overpass", "wcs"] = "file"
    typename: str | dict[str, str] | None = Field(None, description="of a WFS: the feature type")
    coverage: str | dict[str, str] | None = Field(None, description="of a WCS: id of the coverage")
    filter: str | dict[str, str] | None = Field(None, description="in the service's own words: CQL, where")
    geometry: str | dict[str, str] | None = Field(None, description="of a WFS: geometry column, for bbox with filter")
    sort_by: str | dict[str, str] | None = Field(None, description="key to sort pages by; needed for a WFS")
    bbox: Literal["boundary"] | tuple[float, float, float, float] | None = Field(
        None,
        description="west, south, east, north in the feed's CRS, or the box around the city's boundary; "
        "of a file only what reaches into it is read",
    )
    margin_m: float = Field(0.0, ge=0, description="how far around the boundary its box reaches")
    tile_m: float | None = Field(None, gt=0, description="side of the tiles a bbox is asked in, metres")
    tile_px: int = Field(2000, ge=16, le=4096, description="of a WCS: side of the tiles, in cells")
    fixed: bool = Field(False, description="of a WCS: it never changes; what was fetched before is not asked again")
    page_size: int = Field(1000, ge=1, le=PAGE_SIZE_MAX)
    format: str | None = Field(None, description="output format, where the service's own word differs")
    params: dict[str, str] = Field(default_factory=dict, description="more parameters of each request")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole(self) -> Service:
        if self.kind == "wfs" and not (self.typename and self.sort_by):
            # Unsorted pages of a service whose paging is not transaction-safe repeat some features and skip others.
            raise ValueError("a wfs needs `typename` and `sort_by`")
        if self.kind == "wfs" and self.bbox is not None and self.filter and not self.geometry:
            raise ValueError(
                "a wfs takes either bbox or filter: name the `geometry` column, and both become one filter"
            )
        if self.kind == "wcs" and not (self.coverage and self.bbox):
            # Without a box a whole region would be asked for, a metre at a time.
            raise ValueError('a wcs needs `coverage` and `bbox`, such as "boundary"')
        if self.kind != "wcs" and (self.coverage or self.fixed):
            raise ValueError("`coverage` and `fixed` are of a wcs")
        if self.kind == "wcs" and self.tile_m is not None:
            raise ValueError("a wcs is asked in tiles of `tile_px` cells, not of `tile_m`")
        if self.tile_m is not None and self.bbox is None:
            raise ValueError("`tile_m` needs `bbox`")
        if self.margin_m and self.bbox != "boundary":
            raise ValueError('`margin_m` needs `bbox = "boundary"`')
        if self.kind == "file":
            self._file()
        if self.kind == "overpass":
            self._overpass()
        if self.bbox is not None and self.kind == "opendatasoft":
            raise ValueError("an opendatasoft export takes no bbox: say it in `filter`")
        if isinstance(self.bbox, tuple) and not (self.bbox[0] < self.bbox[2] and self.bbox[1] < self.bbox[3]):
            raise ValueError("bbox is west, south, east, north")
        return self

    def _file(self) -> None:
        if others := sorted(self.model_fields_set - {"kind", "bbox", "margin_m"}):
            raise ValueError(f"a file is not asked for features and takes no `{others[0]}`")

    def _overpass(self) -> None:
        if self.bbox is None:
            raise ValueError("an overpass query needs `bbox`")
        if others := sorted(self.model_fields_set - {"kind", "bbox", "margin_m", "tile_m", "params"}):
            raise ValueError(f"an overpass query is made from the lists of osm_extract.toml and takes no `{others[0]}`")
        if not all(name in ("timeout", "maxsize") and value.isdigit() for name, value in self.params.items()):
            raise ValueError('`params` of an overpass query are `timeout` (seconds) and `maxsize` (bytes): "180"')
