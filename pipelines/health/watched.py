"""The endpoints that the config polls now."""

from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.config.models import Config
from crawler.tables import endpoint


def watched_endpoints(connection: Connection, config: Config) -> list[Row[Any]]:
    """Their rows of table `endpoint`, by source and age; those that were never polled have none."""
    wanted = {(source.name, item.url) for source in config.enabled_sources for item in source.endpoints}
    rows = connection.execute(select(endpoint).order_by(endpoint.c.source, endpoint.c.id))
    return [row for row in rows if (row.source, row.url) in wanted]
