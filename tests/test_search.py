"""Full-text search over stored rows: what is found, in what order, and that each story is shown once."""

import random
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from archive_rows import DAY, HOUR, NOON, Rows, a_dating, a_verdict
from hypothesis import example, given, settings
from hypothesis import strategies as st
from search_table import QUERIES, STORED

from crawler.database import Database
from crawler.items import Origin, Precision
from pipelines.search.find import search
from pipelines.search.index import catch_up
from pipelines.search.model import Filters, Order, Search
from pipelines.search.query import QueryError, fts_expression, parse
from pipelines.search.tokens import fold

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def ask(database):
    """Indexes what is stored, and searches it. Filters and the rest of a Search are given by name."""

    def asked(query, **facts):
        catch_up(database)
        filters = {name: facts.pop(name) for name in list(facts) if name in Filters.__dataclass_fields__}
        with database.read() as connection:
            return search(connection, Search(query=query, filters=Filters(zone=SHANGHAI, **filters), **facts))

    return asked


@pytest.fixture
def titles(ask):
    return lambda query, **facts: [hit.title for hit in ask(query, **facts).hits]


# -- queries ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """The articles of STORED, for tests that only ask."""
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('lasting')}/search.db")
    with opened.write() as connection:
        rows = Rows(connection)
        for number, (title, text) in enumerate(STORED.items(), 1):
            rows.an_article(number, title, text=text)
    catch_up(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_finds(lasting, query, expected):
    with lasting.read() as connection:
        found = search(connection, Search(query=query, filters=Filters(zone=SHANGHAI)))
    assert {hit.title for hit in found.hits} == set(expected.split())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "no word to look for in ''"),
        ("，。？！", "at least one letter, digit or character, such as 机器人"),
        ('""', "no word to look for"),
        ("-足球", "-足球 only excludes; name a word to look for as well, such as 机器人 -足球"),
    ],
)
def test_a_query_that_asks_for_nothing_is_refused(query, message):
    with pytest.raises(QueryError, match=message.replace("?", r"\?")):
        parse(query)


@settings(deadline=None)  # the long ones take a second
@given(st.text() | st.text("\"'*^():-+ANDORNT机器a {}，“”「」", max_size=40))
@example('" OR 1 -- ')
@example("NEAR(a b, 2) AND title : x* ^y")
@example("人" * 20_000)
@example("人 " * 5_000)
@example("-人 " * 5_000 + "机")
@example("a'b\x00c\ud800")
def test_whatever_is_typed_the_database_takes_it(lasting, text):
    with lasting.read() as connection:
        try:
            found = search(connection, Search(query=text, filters=Filters(zone=SHANGHAI)))
        except QueryError:
            return
    assert found.total >= len(found.hits) >= 0


@given(st.text())
def test_what_reaches_fts5_is_quoted_letters_and_digits(text):
    try:
        expression = fts_expression(parse(text))
    except QueryError:
        return
    outside, inside = expression.split('"')[::2], expression.split('"')[1::2]
    assert set(" ".join(outside).split()) <= {"AND", "NOT", "OR", "(", ")", "*", "()", ") NOT ("}
    assert all(part.replace(" ", "").isalnum() for part in inside)


# -- the truth --------------------------------------------------------------------------------------------------------

ALPHABET = "人形机機器学學，。 \nA5ａ"


def test_chinese_queries_of_one_to_six_characters_find_exactly_the_texts_that_hold_them(rows, titles):
    chance = random.Random(3)
    texts = {}
    for number in range(150):
        title, text = ("".join(chance.choices(ALPHABET, k=size)) for size in (8, 60))
        texts[f"{number} {title}"] = text
        rows.an_article(number, f"{number} {title}", text=text)
    folded = {title: (fold(title), fold(text)) for title, text in texts.items()}
    asked = 0
    for size in range(1, 7):
        for _ in range(40):
            query = "".join(chance.choices("人形机機器学學", k=size))
            truth = {title for title, parts in folded.items() if any(fold(query) in part for part in parts)}
            assert set(titles(query, limit=1000)) == truth, query
            asked += bool(truth)
    assert asked > 150  # enough of them are in some text


# -- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, "甲 乙 丙 丁", id="none"),
        pytest.param({"sources": ("xinchao",)}, "乙", id="source"),
        pytest.param({"sources": ("xinchao", "jinghe")}, "乙 丙", id="two sources"),
        pytest.param({"themes": ("space",)}, "乙 丙", id="theme"),
        pytest.param({"themes": ("space", "humanoid")}, "甲 乙 丙 丁", id="two themes"),
        pytest.param({"themes": ("space",), "sources": ("xinchao",)}, "乙", id="theme and source"),
        pytest.param({"origins": (Origin.SEED,)}, "丙", id="origin"),
        pytest.param({"since": date(2025, 3, 2)}, "甲 乙 丁", id="since, in the zone"),
        pytest.param({"since": date(2025, 3, 3)}, "乙 丁", id="since, by the day when it was kept"),
        pytest.param({"until": date(2025, 3, 2)}, "甲 丙", id="until"),
        pytest.param({"since": date(2025, 3, 2), "until": date(2025, 3, 2)}, "甲", id="one day"),
        pytest.param({"since": date(2025, 3, 1), "until": date(2025, 3, 1)}, "丙", id="a date that is only a day"),
        pytest.param({"until": date(2025, 2, 28)}, "", id="until the day before one that is only a day"),
        pytest.param({"off_theme": True}, "甲 乙 丙 丁 戊", id="off theme as well"),
    ],
)
def test_filters(rows, titles, filters, expected):
    text = "机器人"
    evening = a_dating(NOON.replace(hour=18) - 2 * DAY).to_json()  # 02:00 on 2 March in Shanghai
    # 1 March, as a source in Tokyo shows it: 28 February in Shanghai
    day = a_dating(datetime(2025, 3, 1, tzinfo=ZoneInfo("Asia/Tokyo")), precision=Precision.DAY).to_json()
    space = (a_verdict("space"),)
    rows.an_article(1, "甲", text=text, published=evening)
    rows.an_article(2, "乙", text=text, source="xinchao", verdicts=(*space, a_verdict()), published=None)
    rows.an_article(3, "丙", text=text, source="jinghe", verdicts=space, origin="seed", published=day)
    rows.an_article(4, "丁", text=text)
    rows.an_article(5, "戊", text=text, outcome="off_theme", verdicts=())
    assert set(titles("机器人", **filters)) == set(expected.split())


def test_what_its_source_took_away_is_not_found(rows, titles):
    rows.an_article(1, "甲", text="机器人", deleted_at=NOON)
    rows.an_article(2, "乙", text="机器人")
    assert titles("机器人") == ["乙"]


# -- order, copies, limits --------------------------------------------------------------------------------------------


def test_a_word_in_the_title_counts_more_than_words_in_the_text(rows, titles):
    rows.an_article(1, "别的", text="机器人来了，" * 3 + "还有许多事情。" * 9)
    rows.an_article(2, "机器人", text="许多事情。" * 12)
    for number in range(3, 9):
        rows.an_article(number, "无关", text="许多事情。" * 12)
    assert titles("机器人") == ["机器人", "别的"]


def test_what_is_equally_good_is_shown_newest_first(rows, titles):
    for number, hours in enumerate([3, 1, 2]):
        rows.an_article(number, f"甲{number}", published=a_dating(NOON - hours * HOUR).to_json())
    assert titles("机器人") == ["甲1", "甲2", "甲0"]


def test_sorted_by_date_the_newest_is_first_however_good(rows, titles):
    rows.an_article(1, "机器人", text="机器人", published=a_dating(NOON - DAY).to_json())
    rows.an_article(2, "别的", text="机器人" + "和别的" * 50, published=a_dating(NOON - HOUR).to_json())
    rows.an_article(3, "刚入库的", text="机器人" + "和别的" * 60, published=None)
    assert titles("机器人", order=Order.DATE) == ["刚入库的", "别的", "机器人"]


@pytest.mark.parametrize("order", list(Order))
def test_the_limit_bounds_what_is_shown_and_not_what_is_counted(rows, ask, order):
    for number in range(7):
        rows.an_article(number, f"甲{number}")
    found = ask("机器人", limit=3, order=order)
    assert (found.total, len(found.hits)) == (7, 3)


def test_of_many_that_match_the_newest_are_weighed_and_all_are_counted(rows, ask, monkeypatch):
    monkeypatch.setattr("pipelines.search.find._WEIGHED", 3)
    for number in range(7):
        rows.an_article(number, f"机器人{number}" if number == 0 else f"甲{number}")
    found = ask("机器人")
    assert (found.total, {hit.title for hit in found.hits}) == (7, {"甲4", "甲5", "甲6"})


def test_copies_are_folded_under_their_representative(rows, ask):
    original = rows.an_article(1, "原文", text="机器人" + "和别的事" * 9)
    rows.an_article(2, "转载", source="xinchao", text="机器人", copy_of=original)
    rows.an_article(3, "又转载", source="jinghe", text="机器人", copy_of=original)
    found = ask("机器人")
    assert [(hit.title, hit.outcome, hit.copies) for hit in found.hits] == [("原文", "kept", 2)]
    assert found.total == 1
    every = ask("机器人", every_copy=True)
    assert {(hit.title, hit.copies) for hit in every.hits} == {("原文", 0), ("转载", 0), ("又转载", 0)}
    assert every.total == 3


@pytest.mark.parametrize("filters", [{}, {"sources": ("xinchao",)}], ids=["by its text", "by its source"])
def test_a_copy_is_shown_where_its_representative_is_not_found(rows, ask, filters):
    original = rows.an_article(1, "原文", text="机器人" if filters else "别的")
    rows.an_article(2, "转载", source="xinchao", text="机器人", copy_of=original)
    (hit,) = ask("机器人", **filters).hits
    assert (hit.title, hit.outcome, hit.copies) == ("转载", "copy", 0)


def test_a_hit_carries_what_is_stored(rows, ask):
    first = "https://first.example/1"
    rows.an_article(1, "旧题", account="机器人观察", original_url=first, path="chenfeng/2025/03/a.md")
    rows.a_version(1, number=2, text="改过的文字：機器人。", title="新题")
    (hit,) = ask("机器人").hits
    assert (hit.entry, hit.key, hit.title, hit.account) == (1, "url:chenfeng.example/1", "新题", "机器人观察")
    assert (hit.url, hit.path) == (first, "chenfeng/2025/03/a.md")
    assert (hit.source, hit.origin, hit.outcome, hit.themes) == ("chenfeng", "crawl", "kept", ("humanoid",))
    assert (hit.published, hit.kept_at) == (NOON - 2 * HOUR, NOON)
    assert hit.score > 0
    assert (hit.snippet.text, hit.snippet.hits) == ("改过的文字：機器人。", ((6, 9),))


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (None, None),
        (a_dating(NOON).to_json(), NOON),
        (a_dating(NOON, precision=Precision.DAY).to_json(), date(2025, 3, 3)),
    ],
    ids=["unknown", "a moment", "a day"],
)  # fmt: skip
def test_a_date_is_shown_as_far_as_it_is_known(rows, ask, published, expected):
    rows.an_article(1, published=published)
    assert ask("机器人").hits[0].published == expected
