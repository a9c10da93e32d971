"""The whole installation in one file, and back: database, archive, digests, configuration, on demand the captures."""
