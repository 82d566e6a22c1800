"""What a catalogue has to know of one edition of the layer, gathered from run, sources and layer."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from pyproj import Transformer

from sources._kit.duck import literal
from transforms.publish.catalogue_terms import Node, agent, page
from transforms.publish.rights import Rights, Source, read_sources, rights_of
from transforms.publish.rows import Product, run_value


@dataclass(frozen=True)
class Edition:
    """One edition's layer as a catalogue sees it."""

    product: Product
    record: str
    city: str
    nis_code: str | None
    base: str | None
    responsible: Node
    sources: list[Source]
    rights: Rights
    box: tuple[float, float, float, float] | None

    @property
    def identifier(self) -> str:
        """Stable name of the edition: the same every night."""
        return f"onbenut:{self.product.slug}:{self.product.edition}"

    def local(self, name: str) -> str:
        """Address of something that this record describes."""
        return f"{self.record}#{name}"


def read_edition(con: duckdb.DuckDBPyConnection, product: Product, record: str) -> Edition:
    """Gather what run, sources and layer say of an audience's edition; its box is in degrees, WGS 84."""
    sources = read_sources(con, product.audience)
    city = run_value(con, "city")
    nis_code = run_value(con, "nis_code")
    return Edition(
        product=product,
        record=record,
        city=product.slug if city is None else str(city),
        nis_code=nis_code and str(nis_code),
        base=run_value(con, "download_url"),
        responsible=_responsible(con, record),
        sources=sources,
        rights=rights_of(sources, product.audience),
        box=_box(con, product),
    )


def _responsible(con: duckdb.DuckDBPyConnection, record: str) -> Node:
    name, contact = run_value(con, "publisher"), run_value(con, "contact_url")
    if not name or not contact:
        return {}
    return {
        "dct:publisher": agent(name, run_value(con, "publisher_url") or f"{record}#publisher"),
        "dcat:contactPoint": {
            "@id": f"{record}#contact",
            "@type": ["vcard:Kind", "vcard:Organization"],
            "vcard:fn": {"@value": name, "@language": "nl"},
            "foaf:page": page(contact),
        },
    }


def _box(con: duckdb.DuckDBPyConnection, product: Product) -> tuple[float, float, float, float] | None:
    row = con.execute(
        "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (SELECT ST_Extent_Agg(geom) AS box "
        f"FROM layer.building WHERE audience = {literal(product.audience)})"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = Transformer.from_crs(product.crs, 4326, always_xy=True).transform_bounds(*row)
    return round(west, 5), round(south, 5), round(east, 5), round(north, 5)
