"""The spiders by their names, and Scrapy's own command in this project."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from rig import START, Answer, article_page, feed
from scrapy import cmdline

from crawler.cli import cli
from crawler.config.models import Kind
from crawler.config.sites import site_of
from crawler.spiders.choice import SITE_SPIDERS, kinds_of, spider_names, spider_of

CHECKOUT = Path(__file__).parents[1]
SITES = {kind for kind in Kind if site_of(kind) is not None}


@pytest.fixture
def places(rig):
    """What -a says of places and time."""
    given = {"config": rig.config, "data": rig.data, "now": START.isoformat(), "route": rig.route}
    return {name: str(value) for name, value in given.items()}


@pytest.fixture
def scrapy(places):
    """Calls `scrapy` in the checkout as its user does."""

    def call(*arguments, given=places, **environ):
        command = [sys.executable, "-m", "scrapy", *arguments, *_arguments(given)]
        environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), **environ}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT, env=environ)

    return call


@pytest.fixture
def execute(places, monkeypatch, capsys):
    """The same in this process, which is faster: exit code, stdout, stderr."""
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")

    def call(*arguments, given=places):
        with pytest.raises(SystemExit) as ended:
            cmdline.execute(["scrapy", *arguments, *_arguments(given)])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    umask = os.umask(0o022)
    yield call
    os.umask(umask)  # it sets its own, as a program may


def _arguments(given):
    return [part for name, value in given.items() for part in ("-a", f"{name}={value}")]


@pytest.fixture
def portal(rig, site):
    """A portal beside the rig's feed; both have one article."""
    rig.source("portal", "https://bbs.example/portal.php?mod=rss", kind="discuz")
    for where in ("bbs.example/portal.php", "alpha.example/feed"):
        host = where.partition("/")[0]
        site.routes[where] = Answer(feed(f"https://{host}/a"))
        site.routes[f"{host}/a"] = Answer(article_page(f"机器人进厂：{host}"))


# -- which spider -----------------------------------------------------------------------------------------------------


def test_every_site_has_a_spider_of_its_kinds_name():
    assert {spider.kind: spider.name for spider in SITE_SPIDERS} == {kind: kind.value for kind in SITES}


def test_every_kind_is_some_spiders():
    kinds = [kind for name in spider_names() for kind in kinds_of(name)]
    assert sorted(kinds) == sorted(Kind)
    assert kinds_of("no spider") == frozenset()


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        ({Kind.QQ}, "qq"),
        ({Kind.DISCUZ}, "discuz"),
        ({Kind.FEED}, "source"),
        ({Kind.FEED, Kind.JSON}, "source"),
        ({Kind.QQ, Kind.FEED}, "source"),
        ({Kind.QQ, Kind.IYIOU}, "source"),
        (set(), "source"),
    ],
)
def test_a_sites_own_spider_visits_where_all_sources_are_of_it(kinds, name):
    assert spider_of(kinds).name == name


@pytest.mark.usefixtures("portal")
def test_the_log_of_a_visit_names_its_spider(rig, caplog):
    with caplog.at_level(logging.INFO, logger="scrapy.core.engine"):
        rig.crawl()
    names = [record.spider.name for record in caplog.records if record.getMessage() == "Spider opened"]
    assert sorted(names) == ["discuz", "source"]


# -- scrapy -----------------------------------------------------------------------------------------------------------


def test_scrapy_list_names_the_spiders(scrapy):
    result = scrapy("list", given={})
    assert result.stdout.split() == ["discuz", "iyiou", "qq", "source", "wechat_mirror"]
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize(
    ("spider", "polled"), [("discuz", ["bbs.example/portal.php"]), ("source", ["alpha.example/feed"])]
)
def test_scrapy_crawl_crawls_the_sources_of_a_spider_now(rig, site, scrapy, spider, polled):
    for _ in range(2):  # the second time nothing is due
        site.hits.clear()
        result = scrapy("crawl", spider)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert [hit for hit in site.hits if "feed" in hit or "php" in hit] == polled
    assert rig.query("SELECT sum(found), sum(kept) FROM book") == [(1, 1)]
    assert rig.query("SELECT count(*) FROM run") == [(2,)]
    assert not any(path.stat().st_mode & 0o077 for path in rig.data.rglob("*"))


@pytest.mark.usefixtures("portal")
def test_scrapy_crawl_takes_the_named_sources_alone(rig, site, execute):
    rig.source("second", "https://second.example/feed")
    site.routes["second.example/feed"] = Answer(feed())
    assert execute("crawl", "source", "-a", "source=second")[0] == 0
    assert site.pages() == ["second.example/feed"]
    assert execute("crawl", "source", "-a", "source=second", "-a", "source=alpha")[0] == 0
    assert "alpha.example/feed" in site.pages()


@pytest.mark.usefixtures("portal")
def test_places_may_come_from_the_environment(rig, site, scrapy):
    given = {"now": START.isoformat(), "route": rig.route}
    result = scrapy("crawl", "discuz", given=given, PRESSWATCH_CONFIG=str(rig.config), PRESSWATCH_DATA=str(rig.data))
    assert (result.returncode, result.stderr) == (0, "")
    assert len(rig.files()) == 1


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["discuz", "-a", "source=alpha"], "is of kind feed, which is for the spider source: scrapy crawl source"),
        (["source", "-a", "source=portal"], "is of kind discuz, which is for the spider discuz: scrapy crawl discuz"),
        (["source", "-a", "source=alhpa"], "no source is named alhpa; did you mean alpha?"),
        (["source", "-a", "source=off"], "source off is switched off: 要有签名才给数据; set enabled: true in its file"),
        (["qq"], "no enabled source is for the spider qq"),
        (["dizcus"], "no spider is named dizcus; did you mean discuz?"),
        (["source", "-a", "url=https://alpha.example/"], "-a url=https://alpha.example/ is not known; there are"),
        (["source", "-a", "source="], "-a source= is not known"),
        (["source", "-s", "DOWNLOAD_DELAY=9"], "settings are those of presswatch.yaml"),
        (["source", "discuz"], "name one spider"),
        (["source", "-o", "x.json"], "name one spider"),
        ([], "name one spider"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_scrapy_crawl_cannot_do_is_told_before_anything_is_asked(rig, site, execute, arguments, told):
    rig.source("off", "https://off.example/feed", enabled=False, disabled_because="要有签名才给数据。")
    code, _, err = execute("crawl", *arguments)
    assert (code, site.hits) == (2, [])
    assert told in err
    assert not rig.data.exists()


def test_scrapy_crawl_ends_with_the_codes_of_presswatch(rig, site, execute):
    site.routes["alpha.example/feed"] = Answer(status=500)
    assert execute("crawl", "source")[0] == 3
    with FileLock(rig.data / "run.lock"):
        code, _, err = execute("crawl", "source")
    assert code == 4
    assert "wait for it to end" in err


@pytest.mark.parametrize("command", ["shell", "fetch", "view", "parse", "bench", "runspider"])
def test_what_cannot_work_here_names_what_does(execute, site, command):
    told = (
        f"scrapy {command} does not work in this project; "
        "presswatch extract URL --explain shows what is read of a page\n"
    )
    assert execute(command, "https://alpha.example/a", given={}) == (2, "", told)
    assert site.hits == []


@pytest.mark.parametrize(
    ("arguments", "told"), [(["settings", "--get", "BOT_NAME"], "presswatch"), (["version"], "Scrapy")]
)
def test_scrapys_other_commands_work(execute, arguments, told):
    code, out, _ = execute(*arguments, given={})
    assert code == 0
    assert told in out


def test_scrapy_check_finds_nothing_to_complain_of(scrapy):
    result = scrapy("check", given={})
    assert result.returncode == 0
    assert "Traceback" not in result.stderr


# -- a source that is switched off ------------------------------------------------------------------------------------


def test_explain_says_why_a_source_is_switched_off(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    arguments = ["--config", str(rig.config), "--data", str(rig.data), "explain", "机器人进厂"]
    assert "停用" not in CliRunner().invoke(cli, arguments).stdout
    rig.source(enabled=False, disabled_because="已停刊")
    assert CliRunner().invoke(cli, arguments).stdout.endswith("来源已停用：已停刊\n")
