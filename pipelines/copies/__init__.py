"""Copies of stored articles are recognised. `pipeline` is the Scrapy shell."""
