"""scrapy parse."""

from crawler.cli.not_here import NotHere


class Command(NotHere):
    """See there."""
