"""Readers that several sources share: by format, never by provider."""
