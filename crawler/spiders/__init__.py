"""Spiders visit hosts. One class serves every source that config alone describes."""
