"""The last floor: what leaves the house. Reads schema `layer`, writes the products of one city as one set.

from transforms.publish.publish import publish_city
from transforms.publish.picture import draw_map
"""
