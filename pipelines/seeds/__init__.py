"""Seed articles: files of the operator's that show what is meant. Read in any of their three shapes, and stored."""
