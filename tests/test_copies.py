"""Articles against the stored ones."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pages import SEEN, URL, article, pending
from sqlalchemy import insert

from crawler import tables
from crawler.database import Database, sqlite_url
from crawler.items import CopyVerdict, Ended, ThemeVerdict
from crawler.outcomes import Outcome, Sameness
from pipelines.copies.find import find_copy
from pipelines.copies.fingerprint import SHORT_TEXT, text_hash
from pipelines.copies.pipeline import CopiesPipeline
from pipelines.text import comparable

LONG = "青松市的工厂今年要生产一千台机器人，其中六成卖到外地。" * 5
ON_THEME = (ThemeVerdict(theme="题", score=3.0, floor=3.0),)
OFF_THEME = (ThemeVerdict(theme="题", score=2.9, floor=3.0),)


@pytest.fixture
def database(tmp_path):
    found = Database.open(sqlite_url(tmp_path / "presswatch.db"))
    with found.write() as connection:
        connection.execute(insert(tables.run).values(id=1, command="crawl", process=1, started=SEEN))
        connection.execute(insert(tables.endpoint).values(id=1, source="甲", url=URL, host="example.cn"))
    yield found
    found.close()


def store(database, number, *, outcome=Outcome.KEPT, key="", final_key="", words="", of=None, age=0, origin="crawl"):
    """One stored article with its text; `of` is its representative, `age` the hours since it was stored."""
    kept_at = SEEN - timedelta(hours=age)
    key = key or f"url:example.cn/{number}"
    with database.write() as connection:
        connection.execute(
            insert(tables.entry).values(
                id=number, key=key, source="甲", endpoint=1, host="example.cn", url=URL,
                first_seen=kept_at, first_run=1, outcome=outcome.value,
            )
        )  # fmt: skip
        connection.execute(
            insert(tables.article).values(
                entry=number, source="甲", outcome=outcome.value, title="题", authors=[], url=URL,
                final_key=final_key or key, datings=[], fetched=kept_at, kept_at=kept_at, verdicts=[], themes=[],
                images=[], extractor="x", text_hash=words or f"other {number}", representative=of, origin=origin,
            )
        )  # fmt: skip
        tell(connection, number, words or f"other {number}")


def tell(connection, entry, words, number=1):
    """A version of an article's text."""
    values = {"title": "题", "markdown": "", "text": "", "text_hash": words, "seen": SEEN}
    connection.execute(insert(tables.version).values(entry=entry, number=number, **values))


def find(database, *, words="", key="url:example.cn/new", final_key="", number=99):
    candidate = article(final_key=final_key or key, key=key, number=number)
    with database.read() as connection:
        return find_copy(connection, candidate, words)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("ＡＩ 芯片，卖了　１２台！", id="width-and-spaces"),
        pytest.param("ai芯片卖了12台", id="case-and-punctuation"),
        pytest.param("AI芯片——“卖了”12台。\n\n", id="quotes-and-lines"),
    ],
)
def test_spacing_punctuation_width_and_case_make_no_difference(other):
    assert comparable(other) == comparable("AI芯片，卖了12台。") == "ai芯片卖了12台"


@pytest.mark.parametrize("other", ["AI芯片卖了13台", "AI芯片卖了12", "12台AI芯片卖了"])
def test_words_numbers_and_order_do(other):
    assert comparable(other) != comparable("AI芯片卖了12台")


def test_other_scripts_are_compared_too():
    assert comparable("Роботы, вперёд!") == "роботывперёд"
    assert text_hash("Роботы") != text_hash("Заводы")


def test_the_hash_of_a_long_text_is_that_of_its_comparable_form_whatever_its_title():
    assert text_hash(LONG, "题") == text_hash(LONG) == hashlib.sha256(comparable(LONG).encode()).hexdigest()


@pytest.mark.parametrize(("length", "same"), [(SHORT_TEXT - 1, False), (SHORT_TEXT, True)])
def test_a_very_short_text_is_the_same_only_under_the_same_title(length, same):
    text = "文" * length
    assert text_hash(text, "标题") == text_hash(text, "标 题！")
    assert (text_hash(text, "标题") == text_hash(text, "别的")) is same


def test_an_article_like_no_other_is_no_copy(database):
    store(database, 1)
    assert find(database, words="new") is None


@pytest.mark.parametrize(
    ("stored", "candidate"),
    [
        pytest.param({"final_key": "k"}, {"final_key": "k"}, id="both-led-to-one-page"),
        pytest.param({"final_key": "k"}, {"key": "k", "final_key": "x"}, id="the-other-led-to-what-we-announced"),
        pytest.param({"key": "k", "final_key": "x"}, {"final_key": "k"}, id="we-led-to-what-the-other-announced"),
        pytest.param({"final_key": "k", "outcome": Outcome.COPY}, {"final_key": "k"}, id="a-copy-counts-as-well"),
    ],
)
def test_the_same_key_is_a_copy(database, stored, candidate):
    store(database, 1, **stored)
    assert find(database, **candidate) == CopyVerdict(of=1, level=Sameness.SAME_KEY, measure=1.0)


def test_the_same_text_is_a_copy(database):
    store(database, 1, words="h")
    assert find(database, words="h") == CopyVerdict(of=1, level=Sameness.SAME_TEXT, measure=1.0)


@pytest.mark.parametrize("words", ["as it was", "as it is now"])
def test_a_copy_of_any_version_is_a_copy(database, words):
    store(database, 1, words="as it was")
    with database.write() as connection:
        tell(connection, 1, "as it is now", number=2)
    assert find(database, words=words).of == 1


def test_articles_without_a_key_of_their_own_are_not_the_same(database):
    store(database, 1)
    with database.write() as connection:
        connection.execute(tables.article.update().values(final_key=""))
    assert find(database, words="new", key="") is None


def test_a_copy_that_stands_for_its_group_is_an_original_too(database):
    """Its own original was forgotten."""
    store(database, 1, words="h", outcome=Outcome.COPY)
    assert find(database, words="h").of == 1


def test_the_same_key_is_the_stronger_level(database):
    store(database, 1, words="h")
    store(database, 2, final_key="k")
    assert find(database, words="h", final_key="k") == CopyVerdict(of=2, level=Sameness.SAME_KEY, measure=1.0)


def test_an_off_theme_article_has_no_copies(database):
    store(database, 1, words="h", final_key="k", outcome=Outcome.OFF_THEME)
    assert find(database, words="h", final_key="k") is None


def test_an_article_is_no_copy_of_itself(database):
    store(database, 7, words="h", final_key="k")
    assert find(database, words="h", final_key="k", number=7) is None


def test_the_verdict_names_the_representative_of_the_group(database):
    store(database, 1)
    store(database, 2, outcome=Outcome.COPY, of=1)
    store(database, 3, outcome=Outcome.COPY, of=2, final_key="k")
    assert find(database, final_key="k").of == 1


def test_representatives_that_name_each_other_end(database):
    store(database, 1, final_key="k")
    store(database, 2, outcome=Outcome.COPY, of=1)
    with database.write() as connection:
        connection.execute(tables.article.update().where(tables.article.c.entry == 1).values(representative=2))
    assert find(database, final_key="k").of in {1, 2}


def test_of_several_the_first_stored_one_is_the_original(database):
    store(database, 1, final_key="k", age=1)
    store(database, 2, final_key="k", age=5)
    assert find(database, final_key="k").of == 2


def pipeline(database):
    visit = SimpleNamespace(run=SimpleNamespace(database=database))
    return CopiesPipeline.from_crawler(SimpleNamespace(spider=SimpleNamespace(visit=visit)))


def test_the_pipeline_marks_a_copy_on_theme(database):
    store(database, 1, words=text_hash(LONG))
    found = pipeline(database).process_item(article(LONG, verdicts=ON_THEME, number=2))
    assert (found.text_hash, found.copy.of) == (text_hash(LONG), 1)


def test_off_theme_articles_get_their_hash_alone(database):
    store(database, 1, words=text_hash(LONG))
    found = pipeline(database).process_item(article(LONG, verdicts=OFF_THEME, number=2))
    assert (found.text_hash, found.copy) == (text_hash(LONG), None)


@pytest.mark.parametrize("level", [Sameness.SAME_KEY, Sameness.SAME_TEXT])
def test_an_off_theme_article_is_a_copy_of_a_seed_alone(database, level):
    found = article(LONG, verdicts=OFF_THEME, number=9)
    key = {"final_key": found.final_key} if level is Sameness.SAME_KEY else {}
    store(database, 1, words="another", final_key=found.final_key, age=2)
    store(database, 2, words=text_hash(LONG) if not key else "a third", origin="seed", age=1, **key)
    assert pipeline(database).process_item(found).copy == CopyVerdict(of=2, level=level, measure=1.0)


def test_an_article_that_is_looked_at_again_stays_what_it_was(database):
    store(database, 1, words=text_hash(LONG), origin="seed")
    found = article(LONG, verdicts=(), number=9)
    again = replace(found, pending=replace(found.pending, revisit=True))
    assert pipeline(database).process_item(again).copy is None


def test_the_pipeline_hands_on_everything_else(database):
    ended = Ended(pending=pending(), outcome=Outcome.GONE, reason="404", at=SEEN)
    assert pipeline(database).process_item(ended) is ended


def test_a_traditional_copy_is_the_same_text():
    assert text_hash("機器人走進工廠，" + LONG) == text_hash("机器人走进工厂 " + LONG)
