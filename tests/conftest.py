"""What several test files share."""

import pytest
from rig import Rig, serving


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
