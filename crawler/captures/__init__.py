"""Responses as they came, kept for a while in WARC files, so that they can be read again without the network."""
