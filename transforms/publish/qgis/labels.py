"""Labels of a polygon layer in QGIS."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from transforms.publish import symbols


def add_labels(root: Element, label: str) -> None:
    """Add labels that show from `symbols.LABEL_SCALE` on.

    Args:
        root: element `qgis` of the style.
        label: expression of what a label says.
    """
    labelling = SubElement(root, "labeling", type="simple")
    settings = SubElement(labelling, "settings", calloutType="simple")
    style = SubElement(
        settings,
        "text-style",
        fieldName=label,
        isExpression="1",
        fontFamily="Open Sans",
        # Without a weight QGIS takes the thinnest letters where it lacks the font.
        namedStyle="Regular",
        fontWeight="50",
        fontSize="8",
        fontSizeUnit="Point",
        textColor=symbols.rgba(symbols.LABEL_COLOUR),
        textOpacity="1",
        multilineHeight="0.9",
    )
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor="255,255,255,255",
        bufferOpacity="0.85",
        bufferJoinStyle="128",
    )
    SubElement(settings, "text-format", wrapChar="", autoWrapLength="22", multilineAlign="1")
    SubElement(settings, "placement", placement="1", centroidInside="1", centroidWhole="1", priority="5")
    # In QML `scaleMax` is the largest denominator at which labels still show.
    SubElement(
        settings,
        "rendering",
        scaleVisibility="1",
        scaleMin="0",
        scaleMax=str(symbols.LABEL_SCALE),
        drawLabels="1",
        obstacle="0",
        displayAll="0",
    )
