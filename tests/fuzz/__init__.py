"""Parsers under fire: what each is given, what may come out of it, and what must never."""
