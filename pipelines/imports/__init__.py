"""Pages of WARC files become articles by the same road as live ones."""
