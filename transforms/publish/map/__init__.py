"""The map in the browser: one HTML file that opens by double click, without a server and without internet.

from transforms.publish.map.product import MAP
"""
