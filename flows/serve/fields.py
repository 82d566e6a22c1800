"""What a property is, for machines: JSON Schema with the titles, meanings and units that travel in the GeoParquet."""

from __future__ import annotations

import pyarrow as pa


def described(field: pa.Field) -> dict[str, str]:
    """JSON Schema of a column; Dutch before English."""
    kinds = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
    )
    made = {"type": next((name for test, name in kinds if test(field.type)), "string")}
    if pa.types.is_date(field.type):
        made["format"] = "date"
    told = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    titles = [told[key] for key in ("title_nl", "title_en") if key in told]
    made["title"] = " / ".join(dict.fromkeys(titles)) or field.name
    extra = {"description": told.get("description"), "x-ogc-unit": told.get("unit")}
    return made | {key: text for key, text in extra.items() if text}
