"""Matching what belongs together: footprints to footprints.

from transforms.match.footprint import match_footprints, match_footprint_files
"""
