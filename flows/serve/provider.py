"""pygeoapi's plug-in for a published set: one question in, one question to DuckDB out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import duckdb
from pygeoapi.api import validate_bbox
from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError, ProviderItemNotFoundError

from flows.serve import cql, select
from flows.serve.fields import described
from flows.serve.published import CRS84, Published
from sources._kit.duck import identifier, literal

ASKED: ContextVar[tuple[Published, Mapping[str, str]]] = ContextVar("ASKED")
"""The set that answers this request, and the request's own parameters: pygeoapi makes a provider per request and hands it neither."""
GEOMETRY = "geom"
_ORDER = "priority_rank NULLS LAST, building_id"
_FARTHEST = 2**62
# About a centimetre; what a provider's own survey is sure of is less.
_PRECISION = {True: "1e-7", False: "1e-2"}
# What the question itself can make DuckDB say: a text where a number stands, a name that is none, too long a search.
_THEIRS = (
    duckdb.BinderException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.ParserException,
    duckdb.InterruptException,
)


class PublishedLayer(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """One collection of a published set: `data` of its settings is `buildings` or `pins`."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._published, self._params = ASKED.get()
        self._columns = self._published.columns(self.data)
        self.get_fields()

    def get_fields(self) -> dict[str, dict[str, str]]:
        """JSON Schema of each property, with the titles and meanings that stand in the file."""
        self._fields = {name: described(field) for name, field in self._columns.items()}
        return self._fields

    def query(
        self,
        offset: int = 0,
        limit: int = 100,
        resulttype: str = "results",
        bbox: Sequence[float] = (),
        properties: Sequence[tuple[str, str]] = (),
        sortby: Sequence[Mapping[str, str]] = (),
        select_properties: Sequence[str] = (),
        skip_geometry: bool = False,
        crs_transform_spec: Any = None,
        filterq: Any = None,
        **_others: object,
    ) -> dict[str, Any]:
        """Features as a FeatureCollection, by priority unless asked otherwise; the id last, so that pages never overlap.

        Raises:
            ProviderInvalidQueryError: a parameter is not what it says (status 400).
            SetGoneError: the set was replaced meanwhile.
        """
        where = self._where(bool(bbox), properties, filterq)
        source = f"SELECT * FROM ({self._published.features(self.data)}) WHERE {where}"
        order = "".join(
            f"{identifier(one['property'])} {'DESC' if one['order'] == '-' else 'ASC'} NULLS LAST, " for one in sortby
        )
        features: list[Any] = []
        if resulttype != "hits":
            page = f"{source} ORDER BY {order}{_ORDER} LIMIT {int(limit)} OFFSET {min(int(offset), _FARTHEST)}"
            feature = self._feature(select_properties or list(self._columns), skip_geometry, crs_transform_spec)
            texts = self._ask(f"SELECT {feature} FROM ({page}) ORDER BY {order}{_ORDER}")
            features = json.loads(f"[{','.join(row[0] for row in texts)}]")
        about = self._published.about
        return {
            "type": "FeatureCollection",
            "numberMatched": self._ask(f"SELECT count(*) FROM ({source})")[0][0],
            "numberReturned": len(features),
            "attribution": about["attribution"],
            "run_id": about["run_id"],
            "features": features,
        }

    def get(self, identifier: str, crs_transform_spec: Any = None, **_others: object) -> dict[str, Any]:
        """One feature by its id, which comes percent-encoded so that pygeoapi's links to it hold.

        Raises:
            ProviderItemNotFoundError: there is none (status 404).
            SetGoneError: the set was replaced meanwhile.
        """
        feature = self._feature(list(self._columns), False, crs_transform_spec)
        wanted = f"building_id = {literal(unquote(identifier))}"
        rows = self._ask(f"SELECT {feature} FROM ({self._published.features(self.data)}) WHERE {wanted}")
        if not rows:
            raise ProviderItemNotFoundError(user_msg="no such feature in the published layer")
        return dict(json.loads(rows[0][0]))

    def _where(self, has_box: bool, properties: Sequence[tuple[str, str]], filterq: Any) -> str:
        tests = ["true"]
        try:
            if has_box:
                numbers = validate_bbox(self._params["bbox"])
                tests.append(select.touches(self._published, numbers, self._params.get("bbox-crs", CRS84)))
            tests += [select.equals(self._columns[name], value) for name, value in properties]
            if filterq is not None:
                tests.append(f"({cql.where(filterq, self._columns, GEOMETRY)})")
        except (select.RequestError, cql.FilterError) as error:
            raise ProviderInvalidQueryError(user_msg=str(error)) from error
        return " AND ".join(tests)

    def _feature(self, names: Sequence[str], skip_geometry: bool, crs_transform_spec: Any) -> str:
        uri = crs_transform_spec.target_crs_uri if crs_transform_spec else self._published.storage_crs
        properties = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in names)
        geometry = "NULL" if skip_geometry else f"CAST(ST_AsGeoJSON({self._shape(uri)}) AS JSON)"
        return (
            f"CAST(to_json(struct_pack(\"type\" := 'Feature', id := building_id, geometry := {geometry}, "
            f"properties := struct_pack({properties}))) AS VARCHAR)"
        )

    def _shape(self, uri: str) -> str:
        """RFC 7946's outer rings counter-clockwise, as in the products; then the axis order of the CRS."""
        epsg, stored = select.epsg_of(uri), self._published.epsg
        moved = f"ST_Transform(shape, 'EPSG:{stored}', 'EPSG:{epsg}', always_xy := true)" if epsg != stored else "shape"
        shape = f"ST_Reverse(ST_Normalize(ST_ReducePrecision({moved}, {_PRECISION[epsg == 4326]})))"
        return f"ST_FlipCoordinates({shape})" if select.is_north_first(uri) else shape

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._published.ask(query)
        except _THEIRS as error:
            raise ProviderInvalidQueryError(user_msg="a value or the filter does not fit the layer") from error
