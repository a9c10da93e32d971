"""Standing cards: a list that dates a stored article anew has its page looked at again at once."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from click.testing import CliRunner
from rig import START, Answer, article_page, feed
from sqlalchemy import event

from crawler.cli import cli
from crawler.items import Dating, Entry, Precision
from crawler.standing import _published, look_again

CARD = "https://news.qq.com/rain/a/20240124A062NM00"
FIRST = "早报：这台机器人今天第一次走进了工厂的装配线，工程师们在旁边记录它的每一个动作。" * 3
SECOND = "早报：三百台机器人昨夜离开了工厂，港口的工人们早上才发现，集装箱已经全部搬完了。" * 3
BEIJING = timezone(timedelta(hours=8))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def card(rig, site):
    """A card, stored at START."""
    rig.source(url="https://news.qq.com/feed", articles={"max_age": "365d"})
    listed(site, START - HOUR)
    site.routes["news.qq.com/rain/a/20240124A062NM00"] = Answer(article_page("机器人早报 3月3日", FIRST))
    rig.crawl()
    assert rig.query("SELECT key, outcome FROM entry") == [("qq:20240124A062NM", "kept")]
    site.hits.clear()
    return rig


def listed(site, at, title="机器人消息"):
    date = at.astimezone(BEIJING).strftime("%a, %d %b %Y %H:%M:%S +0800")
    site.routes["news.qq.com/feed"] = Answer(feed(CARD, published=date, title=title))


def polled(rig, site, after):
    """Poll that long after START; how often the card's page was asked for."""
    rig.clock.move_to(START + after)
    before = len(site.hits)
    report = rig.crawl(poll_now=True)
    assert (report.errors, report.balances) == ((), True)
    return sum("/rain/" in hit for hit in site.hits[before:])


def versions(rig):
    return [number for [number] in rig.query("SELECT number FROM version ORDER BY number")]


def test_a_card_with_new_content_becomes_a_new_version_in_the_run_that_is_told(card, site):
    listed(site, START + 2 * HOUR)
    site.routes["news.qq.com/rain/a/20240124A062NM00"] = Answer(article_page("机器人早报 3月4日", SECOND))
    assert polled(card, site, 3 * HOUR) == 1
    assert card.query("SELECT number, title FROM version ORDER BY number") == [
        (1, "机器人早报 3月3日"),
        (2, "机器人早报 3月4日"),
    ]
    assert card.query("SELECT outcome FROM entry") == [("kept",)]
    options = ["--config", card.config, "--data", card.data, "explain", CARD]
    told = CliRunner().invoke(cli, [str(option) for option in options], prog_name="presswatch")
    assert told.exit_code == 0, told.output
    assert "- " + FIRST[:10] in told.output
    assert "+ " + SECOND[:10] in told.output


def test_it_is_looked_at_once_for_one_date(card, site):
    listed(site, START + 2 * HOUR)
    assert polled(card, site, 3 * HOUR) == 1
    listed(site, START + 2 * HOUR, title="换了别的一行机器人")
    assert polled(card, site, 4 * HOUR) == 0
    assert card.query("SELECT substr(revisit_at, 1, 16) FROM article") == [(f"{START + DAY:%Y-%m-%d %H:%M}",)]


def test_after_a_look_that_found_nothing_it_is_left_alone_for_a_day(card, site):
    looks = []
    for hour in range(2, 100, 6):
        listed(site, START + hour * HOUR - 2 * MINUTE)
        looks += [hour] * polled(card, site, hour * HOUR)
    assert looks == [2, 26, 56, 74]  # those at 24 and 72 hours are the revisits of every article


def test_after_a_look_that_found_another_text_it_is_looked_at_for_each_new_date(card, site):
    for hour in (3, 5, 7):
        listed(site, START + hour * HOUR - 2 * MINUTE)
        page = article_page("机器人早报", f"第{hour}小时，" + SECOND * hour)
        site.routes["news.qq.com/rain/a/20240124A062NM00"] = Answer(page)
        assert polled(card, site, hour * HOUR) == 1
    assert versions(card) == [1, 2, 3, 4]


@pytest.mark.parametrize(("dated_anew", "looks"), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 0)])
def test_a_list_that_dates_most_of_its_rows_anew_says_nothing(rig, site, dated_anew, looks):
    rig.source(articles={"max_age": "365d"})
    urls = [f"https://alpha.example/a/{number}" for number in range(4)]
    for number, url in enumerate(urls):
        page = article_page(f"机器人{number}", f"机器人第{number}个故事，" * (30 + number))
        site.routes[url.removeprefix("https://")] = Answer(page)

    def answer(dates):
        form = "%a, %d %b %Y %H:%M:%S +0000"
        items = "".join(
            f"<item><title>机器人</title><link>{url}</link><pubDate>{at.strftime(form)}</pubDate></item>"
            for url, at in zip(urls, dates, strict=True)
        )
        site.routes["alpha.example/feed"] = Answer(f'<rss version="2.0"><channel>{items}</channel></rss>')

    answer([START - HOUR] * 4)
    rig.crawl()
    answer([START + 2 * HOUR] * dated_anew + [START - HOUR] * (4 - dated_anew))
    rig.clock.move_to(START + 3 * HOUR)
    site.hits.clear()
    rig.crawl(poll_now=True)
    assert sum("/a/" in hit for hit in site.hits) == looks


def test_it_is_looked_at_long_after_the_last_revisit(card, site):
    assert polled(card, site, 25 * HOUR) == 1
    assert polled(card, site, 80 * HOUR) == 1
    assert card.query("SELECT revisit_at FROM article") == [(None,)]
    listed(site, START + 30 * DAY)
    site.routes["news.qq.com/rain/a/20240124A062NM00"] = Answer(article_page("机器人早报", SECOND))
    assert polled(card, site, 30 * DAY + HOUR) == 1
    assert (versions(card), card.query("SELECT revisit_at FROM article")) == ([1, 2], [(None,)])


@pytest.mark.parametrize(
    "at",
    [START - HOUR, START + 10 * DAY, START + 30 * timedelta(seconds=1)],
    ids=["as it was", "to come", "while it was read"],
)
def test_other_dates_bring_no_look(card, site, at):
    listed(site, at, title="换了别的一行机器人")
    assert polled(card, site, 3 * HOUR) == 0


@pytest.mark.parametrize("column", ["deleted_at", "expired"])
def test_what_was_taken_away_or_let_go_of_is_left_alone(card, site, column):
    def prepare(database):
        with database.write() as connection:
            connection.exec_driver_sql(f"UPDATE article SET {column} = revisit_at, revisit_at = NULL")

    listed(site, START + 2 * HOUR)
    card.clock.move_to(START + 3 * HOUR)
    card.crawl(poll_now=True, prepare=prepare)
    assert card.query("SELECT revisit_at FROM article") == [(None,)]
    assert not any("/rain/" in hit for hit in site.hits)


def test_an_article_off_the_theme_is_left_alone(rig, site):
    rig.source(url="https://news.qq.com/feed", articles={"max_age": "365d"})
    listed(site, START - HOUR)
    site.routes["news.qq.com/rain/a/20240124A062NM00"] = Answer(article_page("天气", "今天多云，气温回升。" * 20))
    rig.crawl()
    listed(site, START + 2 * HOUR)
    assert polled(rig, site, 3 * HOUR) == 0


@pytest.mark.parametrize(("precision", "queries"), [(Precision.SECOND, 1), (Precision.DAY, 0)])
def test_a_poll_asks_once_by_the_index_of_keys_or_not_at_all(database, precision, queries):
    statements = []

    def note(connection, cursor, statement, parameters, context, executemany):
        statements.append((statement, parameters))

    dating = Dating(at=START, precision=precision, where="list", text="")
    announced = {f"url:{number}": Entry(key=f"url:{number}", url=CARD, published=dating) for number in range(300)}
    with database.write() as connection:
        event.listen(database.engine, "before_cursor_execute", note)
        look_again(connection, announced, START + DAY)
        event.remove(database.engine, "before_cursor_execute", note)
        assert len(statements) == queries
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert "SCAN" not in " ".join(row[-1] for row in plan)


NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("precision", "ago", "expected"),
    [
        (Precision.SECOND, 2 * HOUR, NOW - 2 * HOUR - MINUTE),
        (Precision.HOUR, 2 * HOUR, NOW - 3 * HOUR),
        (Precision.DAY, 2 * HOUR, None),
        (Precision.SECOND, -HOUR, None),
        (Precision.HOUR, -MINUTE, None),
    ],
)
def test_a_rounded_date_may_mean_an_earlier_moment(precision, ago, expected):
    dating = Dating(at=NOW - ago, precision=precision, where="list", text="")
    assert _published(Entry(key="a", url=CARD, published=dating), NOW) == expected
    assert _published(Entry(key="a", url=CARD), NOW) is None
