"""Record linkage: which footprints, addresses and heights of two files are of the same thing.

from transforms.linkage.footprint import match_footprints, match_footprint_files
"""
