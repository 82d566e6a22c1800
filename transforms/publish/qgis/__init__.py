"""The styles QGIS opens the GeoPackage with: symbols, labels, form, value lists; in Dutch and in English."""
