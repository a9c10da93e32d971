"""Full-text search over the archive: own tokens, so that two Chinese characters find what they name."""
