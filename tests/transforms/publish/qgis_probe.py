"""Opens a GeoPackage as QGIS does, says what it found and draws it: `/usr/bin/python3 qgis_probe.py GPKG FOLDER X Y`.

Runs in Debian's Python, which has PyQGIS, and not in ours. Writes `facts.json` and PNGs into FOLDER; X and Y are the middle of the
pictures in the layer's CRS. Pictures are WIDTH x HEIGHT pixels of 96 to the inch.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

WIDTH, HEIGHT, DPI = 360, 240, 96
NEAR, FAR = 3000, 20000
LAYERS = ("buildings", "sites", "pins")
TABLES = ("evidence", "reuse", "sources", "changes", "codes", "dictionary", "run")


def draw(layer: QgsVectorLayer, path: Path, x: float, y: float, scale: float) -> list[str]:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setBackgroundColor(QColor(255, 255, 255))
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setOutputDpi(DPI)
    wide = scale * WIDTH * 0.0254 / DPI
    high = wide * HEIGHT / WIDTH
    settings.setExtent(QgsRectangle(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))
    settings.setDestinationCrs(layer.crs())
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(path))
    return [error.message for error in job.errors()]


def facts(layer: QgsVectorLayer) -> dict[str, Any]:
    """What QGIS made of a layer's style."""
    labelling = layer.labeling().settings() if layer.labeling() else None
    widgets = {field.name(): layer.editorWidgetSetup(place) for place, field in enumerate(layer.fields())}
    form = layer.editFormConfig()
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "geometry": layer.wkbType(),
        "has_index": layer.hasSpatialIndex(),
        "renderer": type(layer.renderer()).__name__,
        "rules": [
            [rule.label(), rule.filterExpression(), rule.minimumScale()]
            for rule in layer.renderer().rootRule().descendants()
        ],
        "labels": layer.labelsEnabled(),
        "label": [labelling.fieldName, labelling.scaleVisibility, labelling.minimumScale] if labelling else None,
        "aliases": {field.name(): field.alias() for field in layer.fields()},
        "value_lists": {
            name: {title: value for one in setup.config()["map"] for title, value in one.items()}
            for name, setup in widgets.items()
            if setup.type() == "ValueMap"
        },
        "layout": int(form.layout()),
        "tabs": {tab.name(): list(named(tab)) for tab in form.tabs()},
        "read_only": [field.name() for place, field in enumerate(layer.fields()) if form.readOnly(place)],
        "layer_read_only": layer.readOnly(),
        **texts(layer),
        "shown": shown(layer),
    }


def texts(layer: QgsVectorLayer) -> dict[str, Any]:
    """What the texts of the form and the map tip become for one feature."""
    has_four = (
        "\"building_id\" = 'grb:0000004'" if layer.fields().indexOf("building_id") > 0 else "\"name\" LIKE '% 40'"
    )
    feature = next(layer.getFeatures(has_four))
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    document = QDomDocument()
    layer.exportNamedStyle(document)  # as QGIS took them over from the file
    nodes = document.elementsByTagName("attributeEditorHtmlElement")
    found = []
    for place in range(nodes.count()):
        code = nodes.at(place).toElement().text().partition('evaluate("')[2].rpartition('"))')[0]
        expression = QgsExpression(code.replace('\\"', '"'))
        expression.prepare(context)
        found.append(expression.evaluate(context) or expression.parserErrorString() + expression.evalErrorString())
    return {"texts": found, "map_tip": QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)}


def shown(layer: QgsVectorLayer) -> dict[str, list[str]]:
    """What the attribute table shows in some columns."""
    words: dict[str, list[str]] = {}
    for place, field in enumerate(layer.fields()):
        if field.name() in ("underuse_band", "reuse_best", "underuse_probability", "newest_evidence_on"):
            setup = field.editorWidgetSetup()
            formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type())
            rows = layer.getFeatures()
            words[field.name()] = sorted(
                {formatter.representValue(layer, place, setup.config(), None, row[place]) for row in rows}
            )
    return words


def named(container: Any) -> Any:
    """Fields in a tab, whatever group they are in."""
    for child in container.children():
        if hasattr(child, "children"):
            yield from named(child)
        else:
            yield child.name()


def english(layer: QgsVectorLayer) -> None:
    """Put on the style that is not the default, as a user does who picks it."""
    _count, ids, names, _texts, _error = layer.listStylesInDatabase()
    qml, _error = layer.getStyleFromDatabase(ids[names.index("onbenut (English)")])
    document = QDomDocument()
    document.setContent(qml)
    done, error = layer.importNamedStyle(document)
    assert done, error


def main(path: Path, folder: Path, x: float, y: float) -> None:
    said: dict[str, Any] = {"errors": []}
    for name in LAYERS:
        layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        said[name] = facts(layer)
        for scale in (NEAR, FAR):
            said["errors"] += draw(layer, folder / f"{name}_{scale}.png", x, y, scale)
        layer.setLabelsEnabled(False)
        for scale in (NEAR, FAR):
            said["errors"] += draw(layer, folder / f"{name}_{scale}_bare.png", x, y, scale)
        english(layer)
        said[f"{name}_en"] = facts(layer)
        sld = folder / f"{name}.sld"
        with sqlite3.connect(path) as db:
            query = "SELECT styleSLD FROM layer_styles WHERE f_table_name = ? AND useAsDefault"
            sld.write_text(db.execute(query, [name]).fetchone()[0], encoding="utf-8")
        other = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        said[f"{name}_sld"] = other.loadSldStyle(str(sld))
        other.setLabelsEnabled(False)
        said["errors"] += draw(other, folder / f"{name}_{NEAR}_sld.png", x, y, NEAR)
    together = [QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in ("buildings", "evidence")]
    QgsProject.instance().addMapLayers(together)
    said["with_evidence"] = texts(together[0])
    for name in TABLES:
        table = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        said[name] = {"valid": table.isValid(), "count": table.featureCount()}
    (folder / "facts.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    app = QgsApplication([], False)
    app.initQgis()
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    app.exitQgis()
