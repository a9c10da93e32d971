"""Seeds stand in the archive beside what is crawled, and stand for their copies."""

from datetime import UTC, datetime, timedelta

import pytest
from pages import FEED, page
from rig import START, Answer, article_page, feed
from shared import SHARED, needs_shared

from crawler.config.load import load_config
from crawler.database import Database, sqlite_url
from crawler.intake import intake_run
from crawler.items import Dating, Precision
from pipelines.archive.explain import explain
from pipelines.archive.store import Archive
from pipelines.copies.fingerprint import text_hash
from pipelines.digest.issue import preview
from pipelines.extract.html import extract_html
from pipelines.forget import Forgetting
from pipelines.seeds.identity import seed_key
from pipelines.seeds.read import read_seed
from pipelines.seeds.seed import Seed, Shape
from pipelines.seeds.source import source_of
from pipelines.seeds.store import SeedResult, SeedStore

TEXT = "\n".join(
    f"第{number}台机器人走进工厂，工程师记录它的每一个动作，一共走了{number * 100}步。" for number in range(1, 9)
)
URL = "https://alpha.example/a"
DATED = Dating(
    at=datetime(2025, 2, 13, 15, 17, 50, tzinfo=UTC), precision=Precision.SECOND, where="seed",
    text="2025-02-13 23:17:50", zone="Asia/Shanghai",
)  # fmt: skip


def a_seed(**facts):
    values = {"shape": Shape.HUGO, "title": "机器人进厂", "text": TEXT, "markdown": TEXT.replace("\n", "\n\n")}
    return Seed(**{**values, **facts})


@pytest.fixture
def store(rig):
    """Stores seeds in the rig's archive, each in a run of its own."""
    rig.data.mkdir(exist_ok=True)

    def store(seed, file="000.txt"):
        config = load_config(rig.config, environ={})
        database = Database.open(sqlite_url(rig.data / "presswatch.db"))
        archive = Archive(database, rig.data / "archive", config, rig.clock.now)
        sources = {source_of(seed, config)}
        try:
            with intake_run(database, command="seeds", now=rig.clock.now, sources=sources) as run:
                stored = SeedStore(database, archive, config, rig.clock.now).store(seed, run=run.number, file=file)
            assert all(book.balances for book in run.books)
            return stored
        finally:
            database.close()

    return store


def crawl_twin(rig, site, text=TEXT, title="机器人进厂", url=URL):
    site.routes["alpha.example/feed"] = Answer(feed(url))
    site.routes[url.removeprefix("https://")] = Answer(article_page(title, text))
    report = rig.crawl(poll_now=True)
    assert report.errors == ()


def file_of(rig, path):
    return (rig.data / "archive" / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        pytest.param({"source": "qq", "published": DATED}, r"qq/2025/02/13-机器人进厂-", id="dated"),
        pytest.param({"source": "qq"}, "qq/undated/机器人进厂-", id="undated"),
        pytest.param({"account": "刘润"}, "刘润/undated/机器人进厂-", id="an account"),
        pytest.param({}, "seed/undated/机器人进厂-", id="source unknown"),
        pytest.param({"source": "../../etc/passwd"}, "etc-passwd/undated/", id="a name that would lead out"),
        pytest.param({"source": "../.."}, "seed/undated/", id="a name of nothing"),
    ],
)
def test_a_seed_has_its_file_by_source_and_date(rig, store, facts, path):
    stored = store(a_seed(**facts))
    assert stored.result is SeedResult.STORED
    assert stored.path.startswith(path)
    assert [str(file) for file in rig.files()] == [stored.path]
    assert rig.query("SELECT origin, outcome FROM article") == [("seed", "kept")]


def test_the_account_of_a_watched_mirror_names_that_source(rig, store):
    rig.source("jiu", url="https://mirror.example/#/gzh/九边", kind="wechat_mirror")
    rig.source("九边", url="https://mirror.example/gzh/别的.md", kind="wechat_mirror")
    assert store(a_seed(account="九边")).source == "jiu"


def test_what_a_seed_does_not_say_stays_unknown(rig, store):
    stored = store(a_seed())
    text = file_of(rig, stored.path)
    assert 'date: ""\n' in text
    assert text.endswith("800步。\n")  # no citation of nothing
    assert rig.query("SELECT url, original_url, published FROM article") == [("", "", "null")]


def test_importing_twice_changes_nothing(rig, store):
    first = store(a_seed(source="qq", url=URL))
    text, rows = file_of(rig, first.path), rig.query("SELECT * FROM article JOIN version USING (entry)")
    rig.clock.move_by(timedelta(days=3))
    again = store(a_seed(source="qq", url=URL), file="renamed.txt")
    assert (again.result, again.path) == (SeedResult.UNCHANGED, first.path)
    assert (file_of(rig, first.path), rig.query("SELECT * FROM article JOIN version USING (entry)")) == (text, rows)


def test_a_seed_with_another_text_gets_a_version(rig, store):
    first = store(a_seed(source="qq", url=URL))
    again = store(a_seed(source="qq", url=URL, text=TEXT + "\n又及。", markdown=TEXT + "\n\n又及。"))
    assert (again.result, again.path) == (SeedResult.UPDATED, first.path)
    assert "又及。" in file_of(rig, first.path)


@pytest.mark.parametrize("of", [{"url": URL}, {}], ids=["its address known", "its text alone"])
@pytest.mark.parametrize("first", ["seed", "twin"])
def test_a_crawled_twin_is_folded_under_the_seed_whichever_came_first(rig, site, store, of, first):
    def bring(what):
        if what == "seed":
            store(a_seed(**of))
        else:
            crawl_twin(rig, site)

    for what in (first, "twin" if first == "seed" else "seed"):
        bring(what)
    twin = "copy" if first == "seed" else "kept"
    assert rig.query("SELECT origin, outcome, representative IS NULL FROM article ORDER BY origin") == [
        ("crawl", twin, 0), ("seed", "kept", 1),
    ]  # fmt: skip
    [(copied, original)] = rig.query("SELECT c.entry, c.original FROM copy c")
    assert rig.query("SELECT origin FROM entry WHERE id = :id", id=original) == [("seed",)]
    assert rig.query("SELECT origin FROM entry WHERE id = :id", id=copied) == [("crawl",)]
    seed_file = next(file_of(rig, path) for path in rig.files() if path.parts[0] == "seed")
    assert 'date: "2025-03-03 07:00:00"' in seed_file
    assert seed_file.endswith(f"[seed]({URL})\n")
    twin_file = next(file_of(rig, path) for path in rig.files() if path.parts[0] == "alpha")
    assert f'copy_of: "{seed_key(a_seed(**of))}"' in twin_file


@pytest.mark.parametrize("of", [{"url": URL}, {}], ids=["its address known", "its text alone"])
def test_a_crawled_twin_that_no_word_hits_is_folded_and_has_the_themes_of_the_seed(rig, site, store, of):
    words = {"name": "robots", "title": "机器人", "words": {"plain": ["流水线"]}, "seeds": [{"title": "机器人进厂"}]}
    rig.write("themes.yaml", {"themes": [words]})
    store(a_seed(**of))
    other = "https://alpha.example/b"
    site.routes["alpha.example/b"] = Answer(article_page("天气", "今天晴，明天也晴，后天有雨。" * 9))
    crawl_twin(rig, site)
    site.routes["alpha.example/feed"] = Answer(feed(URL, other))
    rig.crawl(poll_now=True)
    assert rig.query("SELECT outcome, themes FROM article ORDER BY entry") == [
        ("kept", '["robots"]'), ("copy", '["robots"]'), ("off_theme", "[]"),
    ]  # fmt: skip
    assert rig.query("SELECT original FROM copy") == [(1,)]
    assert len(rig.files()) == 2


def test_a_seed_takes_only_what_it_lacks(rig, site, store):
    mine = "https://elsewhere.example/original"
    store(a_seed(published=DATED, url=mine))
    crawl_twin(rig, site)
    [path] = [path for path in rig.files() if path.parts[0] == "seed"]
    assert 'date: "2025-02-13 23:17:50"' in file_of(rig, path)
    assert file_of(rig, path).endswith(f"[seed]({mine})\n")


def test_a_seed_that_comes_late_stands_for_the_copies_of_its_twin_too(rig, site, store):
    links = ("https://alpha.example/one", "https://alpha.example/two", "https://alpha.example/three")
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for link in links:
        site.routes[link.removeprefix("https://")] = Answer(article_page("机器人进厂", TEXT))
    rig.crawl()
    store(a_seed())
    [(seed,)] = rig.query("SELECT entry FROM article WHERE origin = 'seed'")
    assert rig.query("SELECT DISTINCT representative FROM article WHERE origin = 'crawl'") == [(seed,)]
    assert rig.query("SELECT count(*), count(DISTINCT original) FROM copy") == [(3, 1)]
    assert rig.query("SELECT count(*) FROM article WHERE filed") == [(4,)]
    assert all('copy_of: "seed:' in file_of(rig, path) for path in rig.files() if path.parts[0] == "alpha")


def test_the_same_seed_in_another_shape_is_folded_under_the_first(rig, store):
    store(a_seed(source="qq", url=URL))
    store(a_seed(account="刘润", title="机器人进厂了", shape=Shape.MIRROR), file="001.txt")
    assert rig.query("SELECT outcome FROM article ORDER BY entry") == [("kept",), ("copy",)]


def test_a_seed_belongs_to_the_themes_that_name_it_and_to_those_whose_words_hit(rig, store):
    themes = [
        {"name": "robots", "title": "机器人", "words": {"plain": ["机器人"]}},
        {"name": "factory", "title": "工厂", "words": {"plain": ["流水线"]}, "seeds": [{"title": "机器人 进厂"}]},
        {"name": "space", "title": "航天", "words": {"plain": ["火箭"]}, "seeds": [{"title": "x", "url": URL}]},
        {"name": "chips", "title": "芯片", "words": {"plain": ["芯片"]}},
    ]
    rig.write("themes.yaml", {"themes": themes})
    stored = store(a_seed(url="https://www.alpha.example/a?utm_source=x"))
    assert rig.query("SELECT themes FROM article") == [('["factory", "space", "robots"]',)]
    assert "factory: 0\n" in file_of(rig, stored.path)


def test_a_seed_is_no_news_but_its_crawled_twin_is(rig, site, store):
    store(a_seed())
    crawl_twin(rig, site)
    config, database = load_config(rig.config, environ={}), Database(sqlite_url(rig.data / "presswatch.db"))
    digest = preview(database, config, config.subscriptions[0], rig.clock.now()).digest
    database.close()
    assert [(line.title, line.source) for section in digest.sections for line in section.lines] == [
        ("机器人进厂", "alpha")
    ]


def test_explain_says_that_an_article_is_a_seed(rig, site, store):
    store(a_seed())
    crawl_twin(rig, site)
    database = Database(sqlite_url(rig.data / "presswatch.db"))
    with database.read() as connection:
        twin = explain(connection, URL)
        seed = explain(connection, str(twin.copy_of.entry))
    database.close()
    assert (twin.copy_of.origin, seed.origin, seed.announced_by) == ("seed", "seed", "seeds:000.txt")


def test_a_seed_is_never_asked_for_again(rig, store):
    store(a_seed(source="alpha", url=URL))
    rig.clock.move_to(START + timedelta(days=4))
    assert rig.query("SELECT revisit_at FROM article") == [(None,)]


def test_a_forgotten_seed_is_refused_and_the_rest_goes_on(rig, store):
    store(a_seed(source="qq", url=URL))
    database = Database(sqlite_url(rig.data / "presswatch.db"))
    config = load_config(rig.config, environ={})
    Forgetting(database, rig.data, config).article(
        seed_key(a_seed(url=URL)), reason="the author asked", now=rig.clock.now
    )
    database.close()
    again = store(a_seed(source="qq", url=URL))
    assert (again.result, again.fault) == (SeedResult.REFUSED, "forgotten on 2025-03-03: the author asked")
    assert rig.query("SELECT count(*) FROM entry") == [(0,)]
    assert (
        store(a_seed(title="另一篇", text="另一篇的文字。" * 30, markdown="另一篇的文字。" * 30)).result
        is SeedResult.STORED
    )


@needs_shared("data", "templates")
@pytest.mark.parametrize(
    "name", ["000-qq", "000-iyiou", "000-mirror", "000-weixin", "002-qq", "002-mirror", "003-iyiou", "003-qq"]
)
def test_a_real_seed_is_the_same_text_on_the_page_of_any_source(name):
    [file] = (SHARED / "seeds").glob(f"{name[:3]}_*")
    seed = read_seed(file.read_bytes(), file.name, "Asia/Shanghai")
    read = extract_html(page((SHARED / "data" / "templates" / f"{name}.html").read_bytes()), FEED)
    assert text_hash(read.text, read.title) == text_hash(seed.text, seed.title)
