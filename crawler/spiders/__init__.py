"""Spiders visit hosts. One class serves every source; those of known sites only bear a name of their own."""
