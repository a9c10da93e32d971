"""Limits of an answer that stand in no config: what no honest server comes near.

Heads are bounded by aiohttp: 128 header lines, trailers included, of at most 8,190 bytes each; a head of more is no
HTTP, and never more than a mebibyte of it is held. Sizes and times are in presswatch.yaml (`safety`), redirects in
crawler.settings.
"""

from scrapy.http import Response

# Servers compress once; a proxy in front may do so again. Each coding is undone into a body of its own.
MOST_CODINGS = 3


def codings_of(response: Response) -> list[str]:
    """The codings of the body in lower case, in the order in which they were put on."""
    told = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
    return [coding.strip() for coding in told.split(",") if coding.strip()]
