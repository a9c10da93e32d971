"""What several test files share."""

import pytest
from archive_rows import StoredRows, a_config
from rig import Rig, serving

from crawler.database import Database


@pytest.fixture(scope="session")
def _server():
    with serving() as site:
        yield site


@pytest.fixture
def site(_server):
    """The web of one test: no routes, nothing asked yet."""
    _server.routes.clear()
    _server.hits.clear()
    _server.seen.clear()
    _server.queries.clear()
    return _server


@pytest.fixture
def rig(tmp_path, site):
    """A source `alpha` polling https://alpha.example/feed, everything routed to `site`."""
    rig = Rig(tmp_path, route=site.url)
    rig.source()
    return rig


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path}/digest.db")
    yield opened
    opened.close()


@pytest.fixture
def config(tmp_path):
    """Two sources and two themes, for tests that write their rows themselves."""
    return a_config(tmp_path)


@pytest.fixture
def rows(database):
    """Writes what a run leaves behind."""
    return StoredRows(database)
