"""What several test files share."""

import pytest
from archive_rows import StoredRows, a_config
from redis_server import any_server, empty, running
from rig import Rig, serving

from crawler.database import Database

pytest_plugins = ["chromium"]  # what becomes of browser tests where there is no browser


@pytest.fixture(autouse=True)
def _the_person_at_the_terminal_speaks_chinese(monkeypatch):
    """Whatever the locale of the machine; processes that a test starts inherit it."""
    monkeypatch.setenv("PRESSWATCH_LANG", "zh-CN")


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


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory):
    """Of a real server; what is in its database is anybody's."""
    with any_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url):
    """Of a real server whose database is empty."""
    empty(redis_server_url)
    return redis_server_url


@pytest.fixture
def redis_server(tmp_path):
    """A real server of the test's own, which it may kill."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with running(folder) as server:
        yield server
