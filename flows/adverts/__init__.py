"""Adverts that a platform hands over as a file, and the feed that every run reads them by."""
