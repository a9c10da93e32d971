"""The archive as files for others: one JSON object a line, or a Hugo site, with each source's rights respected."""
