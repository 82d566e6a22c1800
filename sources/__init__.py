"""The only code that knows a provider: fetch bytes, parse them into raw tables."""
