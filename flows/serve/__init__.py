"""The published layer over HTTP: OGC API Features by pygeoapi, read-only, from the GeoParquet of the set that is out.

from flows.serve.server import listen
"""
