"""A filter of a stranger (CQL, parsed by pygeofilter) as SQL: names from a list, values quoted, nothing else.

pygeofilter's own writer of SQL puts text between quotes as it came. This one knows fewer things, and each of them by name.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import shapely
from pygeofilter import ast, values  # type: ignore[import-untyped]

from sources._kit.duck import identifier, literal

_COMPARISONS = {
    ast.Equal: "=",
    ast.NotEqual: "<>",
    ast.LessThan: "<",
    ast.LessEqual: "<=",
    ast.GreaterThan: ">",
    ast.GreaterEqual: ">=",
}
_SPATIAL = {
    ast.GeometryIntersects: "ST_Intersects",
    ast.GeometryDisjoint: "ST_Disjoint",
    ast.GeometryContains: "ST_Contains",
    ast.GeometryWithin: "ST_Within",
    ast.GeometryTouches: "ST_Touches",
    ast.GeometryOverlaps: "ST_Overlaps",
}


class FilterError(Exception):
    """The filter says something that this service does not know."""


def where(tree: object, names: Collection[str], geometry: str) -> str:
    """SQL condition over the columns `names` and `shape`.

    Args:
        tree: the parsed filter, its geometries in the CRS of `shape`.
        names: columns it may speak of.
        geometry: what it calls the geometry.

    Raises:
        FilterError: it speaks of anything else.
    """
    columns = {name: identifier(name) for name in names} | {geometry: "shape"}
    try:
        return _condition(tree, columns)
    except RecursionError as error:
        raise FilterError("the filter is too deep") from error


def _condition(node: object, columns: dict[str, str]) -> str:
    no = "NOT " if getattr(node, "not_", False) else ""
    match node:
        case ast.And() | ast.Or():
            return f"({_condition(node.lhs, columns)} {node.op.value} {_condition(node.rhs, columns)})"
        case ast.Not():
            return f"(NOT {_condition(node.sub_node, columns)})"
        case ast.Between():
            low, high = _value(node.low, columns), _value(node.high, columns)
            return f"({_value(node.lhs, columns)} {no}BETWEEN {low} AND {high})"
        case ast.In():
            options = ", ".join(_value(option, columns) for option in node.sub_nodes)
            return f"({_value(node.lhs, columns)} {no}IN ({options}))"
        case ast.IsNull():
            return f"({_value(node.lhs, columns)} IS {no}NULL)"
        case ast.Like():
            likes = "ILIKE" if node.nocase else "LIKE"
            pattern = f"{literal(node.pattern)} ESCAPE {literal(node.escapechar)}"
            return f"(CAST({_value(node.lhs, columns)} AS VARCHAR) {no}{likes} {pattern})"
        case ast.Comparison() if type(node) in _COMPARISONS:
            return f"({_value(node.lhs, columns)} {_COMPARISONS[type(node)]} {_value(node.rhs, columns)})"
        case ast.SpatialComparisonPredicate() if type(node) in _SPATIAL:
            return f"{_SPATIAL[type(node)]}({_shape(node.lhs, columns)}, {_shape(node.rhs, columns)})"
    raise FilterError(f"not known here: {type(node).__name__}")


def _value(node: object, columns: dict[str, str]) -> str:
    match node:
        case ast.Attribute():
            return _column(node.name, columns)
        case bool():
            return "true" if node else "false"
        case int() | float():
            return f"CAST({literal(repr(node))} AS DOUBLE)"
        case str():
            return literal(node)
        case date():  # a moment too
            return literal(node.isoformat())
    raise FilterError(f"not known here: {type(node).__name__}")


def _shape(node: object, columns: dict[str, str]) -> str:
    match node:
        case ast.Attribute():
            return _column(node.name, columns)
        case values.Geometry():
            try:
                return f"ST_GeomFromHEXWKB({literal(shapely.geometry.shape(node.geometry).wkb_hex)})"
            except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError) as error:
                raise FilterError("no geometry") from error
    raise FilterError(f"not known here: {type(node).__name__}")


def _column(name: str, columns: dict[str, str]) -> str:
    if name not in columns:
        raise FilterError(f"no such property: {name}")
    return columns[name]
