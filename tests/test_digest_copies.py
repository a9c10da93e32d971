"""Copies and old articles: over all digests of a subscription each of its articles is told once."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from archive_rows import DAY, HOUR, NOON, Rows, a_config, a_dating, a_verdict, build
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.config.models import Subscription
from crawler.database import Database
from pipelines.digest.build import build_digest
from pipelines.digest.membership import Period, Stored, told_by_each
from pipelines.digest.render import render_markdown


def lines_of(digest):
    return [line for section in digest.sections for line in section.lines]


def titles(digest):
    return [line.title for line in lines_of(digest)]


def test_a_copy_is_folded_under_its_original(database, config, rows):
    original = rows.an_article(1, "原文")
    rows.an_article(2, "转载", source="xinchao", copy_of=original)
    digest = build(database, config)
    assert titles(digest) == ["原文"]
    assert digest.further_copies == ()
    assert "转载：[新潮观察](https://xinchao.example/2)" in render_markdown(digest)


def test_a_copy_of_what_was_sent_before_is_told_as_further_and_never_as_a_line(database, config, rows):
    rows.a_digest(cut_to=NOON - DAY)
    original = rows.an_article(1, "前天的原文", kept_at=NOON - 30 * HOUR)
    rows.an_article(2, "今天的转载", source="xinchao", copy_of=original)
    digest = build(database, config)
    assert titles(digest) == []
    told = "[前天的原文](https://chenfeng.example/1)：又有 1 处转载（[新潮观察](https://xinchao.example/2)）"
    assert told in render_markdown(digest)
    assert "今天的转载" not in render_markdown(digest)


def test_a_copy_that_came_after_the_cut_is_not_in_the_digest_of_the_cut(database, config, rows):
    original = rows.an_article(1)
    before = render_markdown(build(database, config))
    rows.an_article(2, source="xinchao", copy_of=original, kept_at=NOON + HOUR)
    assert render_markdown(build(database, config)) == before


def test_further_copies_are_told_in_the_digest_of_their_period_alone(database, config, rows):
    rows.a_digest(cut_to=NOON - 2 * DAY)
    rows.a_digest(cut_to=NOON - DAY)
    original = rows.an_article(1, kept_at=NOON - 50 * HOUR)
    for number, kept_at in enumerate([NOON - DAY, NOON - HOUR, NOON + HOUR], start=2):
        rows.an_article(number, source="xinchao", copy_of=original, kept_at=kept_at)
    (told,) = build(database, config).further_copies
    assert [copy.url for copy in told.copies] == ["https://xinchao.example/3"]


@pytest.mark.parametrize("subscription", [{"themes": ("space",)}, {"sources": ("jinghe",)}], ids=["theme", "source"])
def test_further_copies_of_what_a_subscription_does_not_get_are_not_told(database, config, rows, subscription):
    rows.a_digest(cut_to=NOON - DAY)
    original = rows.an_article(1, kept_at=NOON - 30 * HOUR)
    rows.an_article(2, source="xinchao", copy_of=original)
    digest = build(database, config, **subscription)
    assert (titles(digest), digest.further_copies) == ([], ())


@pytest.mark.parametrize(
    ("subscription", "kept_at"),
    [
        pytest.param({"sources": ("xinchao",)}, NOON - HOUR, id="another source"),
        pytest.param({"themes": ("space",)}, NOON - HOUR, id="another theme"),
        pytest.param({}, NOON - 3 * DAY, id="kept before the first digest"),
    ],
)
def test_a_copy_whose_original_is_not_told_is_a_line_and_further_ones_fold_under_it(
    database, config, rows, subscription, kept_at
):
    original = rows.an_article(1, "原文", kept_at=kept_at)
    for number in (2, 3):
        rows.an_article(number, f"转载{number}", source="xinchao", copy_of=original, verdicts=(a_verdict("space"),))
    digest = build(database, config, **subscription)
    assert titles(digest) == ["转载2"]
    (line,) = digest.sections[0].lines
    assert [copy.url for copy in line.copies] == ["https://xinchao.example/3"]
    assert digest.further_copies == ()


def test_later_copies_are_told_as_those_of_the_copy_that_was_the_line(database, config, rows):
    rows.a_digest(cut_to=NOON - DAY)
    original = rows.an_article(1, "原文", kept_at=NOON - 9 * DAY)
    rows.an_article(2, "先转的", source="xinchao", copy_of=original, kept_at=NOON - 30 * HOUR)
    rows.an_article(3, "后转的", source="xinchao", copy_of=original)
    (told,) = build(database, config).further_copies
    assert (told.title, told.url) == ("先转的", "https://xinchao.example/2")


def test_digests_of_another_subscription_tell_nothing_to_this_one(database, config, rows):
    rows.a_digest(cut_to=NOON - DAY, subscription="weekly")
    original = rows.an_article(1, kept_at=NOON - 30 * HOUR)
    rows.an_article(2, "转载", source="xinchao", copy_of=original)
    assert titles(build(database, config)) == ["转载"]


def test_of_an_original_and_a_copy_kept_in_one_moment_the_original_is_the_line():
    facts = {"group": 2, "endpoint": 1, "kept_at": NOON, "dated": NOON, "backlog": False, "is_wanted": True}
    rows = [Stored(entry=number, **facts) for number in (1, 2)]
    (told,) = told_by_each(rows, [Period(cut_from=NOON - DAY, cut_to=NOON)])
    assert told.folded == {2: (1,)}


# -- old articles -----------------------------------------------------------------------------------------------------


def old_articles(rows, count, *, kept_at=NOON, first=0):
    """The higher the number, the older; returns their entries."""
    return [
        rows.an_article(
            number, f"旧文{number}", backlog=True, kept_at=kept_at, published=a_dating(NOON - number * DAY).to_json()
        )
        for number in range(first, first + count)
    ]


def test_of_a_backlog_the_five_newest_of_each_endpoint_appear_and_the_rest_is_counted(database, config, rows):
    old_articles(rows, 7)
    rows.an_article(20, "另一处的旧文", source="xinchao", backlog=True)
    rows.an_article(21, "新文")
    digest = build(database, config)
    assert set(titles(digest)) == {"旧文0", "旧文1", "旧文2", "旧文3", "旧文4", "另一处的旧文", "新文"}
    assert digest.backlog_omitted == 2
    assert "另有 2 篇旧文入档、未在此列出" in render_markdown(digest)


@pytest.mark.parametrize(("before", "shown"), [(7, 0), (3, 2)], ids=["all were told", "there is room for two"])
def test_a_backlog_that_a_cut_divides_is_told_in_five_lines_all_the_same(database, config, rows, before, shown):
    rows.a_digest(cut_to=NOON - DAY)
    old_articles(rows, before, kept_at=NOON - 30 * HOUR)
    old_articles(rows, 7, first=10)
    digest = build(database, config)
    assert (digest.articles, digest.backlog_omitted) == (shown, 7 - shown)


def test_a_fresh_copy_of_an_old_article_that_is_omitted_is_a_line(database, config, rows):
    oldest = old_articles(rows, 7)[-1]
    rows.an_article(50, "今天的转载", source="xinchao", copy_of=oldest)
    digest = build(database, config)
    assert "今天的转载" in titles(digest)
    assert (digest.articles, digest.backlog_omitted) == (6, 2)


def test_a_later_copy_of_an_old_article_that_was_omitted_is_a_line(database, config, rows):
    rows.a_digest(cut_to=NOON - DAY)
    oldest = old_articles(rows, 7, kept_at=NOON - 30 * HOUR)[-1]
    rows.an_article(50, "今天的转载", source="xinchao", copy_of=oldest)
    digest = build(database, config)
    assert (titles(digest), digest.further_copies) == (["今天的转载"], ())


# -- the law ----------------------------------------------------------------------------------------------------------

CUTS = [NOON + number * DAY for number in range(5)]
ARTICLES = st.lists(
    st.fixed_dictionaries(
        {
            "kept_at": st.integers(-2, 10).map(lambda number: NOON + number * 12 * HOUR),
            "source": st.sampled_from(["chenfeng", "xinchao"]),
            "theme": st.sampled_from(["humanoid", "space"]),
            "backlog": st.booleans(),
            "copy_of": st.none() | st.integers(0, 3),
        }
    ),
    max_size=24,
)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('lasting')}/digest.db")
    yield opened
    opened.close()


def stored_articles(rows, articles):
    """Address → facts. A copy copies one of the first originals that were kept before it."""
    originals, stored = [], {}
    for number, facts in enumerate(sorted(articles, key=lambda facts: facts["kept_at"])):
        place = facts["copy_of"]
        original = originals[place] if place is not None and place < len(originals) else None
        source, kept_at, backlog = facts["source"], facts["kept_at"], facts["backlog"]
        entry = rows.an_article(
            number, source=source, kept_at=kept_at, backlog=backlog, copy_of=original,
            verdicts=(a_verdict(facts["theme"]),),
        )  # fmt: skip
        if original is None:
            originals.append(entry)
        stored[f"https://{source}.example/{number}"] = facts | {"group": original or entry}
    return stored


def issued_digests(database, articles, wanted):
    """All digests of the subscription, and the articles' facts by address. Nothing of it stays in the database."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        rows = Rows(connection)
        stored = stored_articles(rows, articles)
        digests = []
        for cut_from, cut_to in pairwise(CUTS):
            digests.append(build_digest(connection, a_config(Path()), wanted, cut_from, cut_to, cut_to))
            rows.a_digest(cut_from=cut_from, cut_to=cut_to)
        transaction.rollback()
    return digests, stored


def copies_told_by(digest):
    return [copy.url for item in (*lines_of(digest), *digest.further_copies) for copy in item.copies]


@settings(deadline=None, max_examples=40)  # it waits for the database
@given(articles=ARTICLES, themes=st.sampled_from(["all", ("space",)]), sources=st.sampled_from(["all", ("xinchao",)]))
def test_over_all_digests_every_article_a_subscription_wants_is_told_once(lasting, articles, themes, sources):
    digests, stored = issued_digests(lasting, articles, Subscription(name="daily", themes=themes, sources=sources))
    lines = [line.url for digest in digests for line in lines_of(digest)]
    told = lines + [url for digest in digests for url in copies_told_by(digest)]
    wanted = {url for url, facts in stored.items() if facts["theme"] in themes or themes == "all"}
    wanted &= {url for url, facts in stored.items() if facts["source"] in sources or sources == "all"}
    assert len(told) == len(set(told))
    assert len(lines) == len({stored[url]["group"] for url in lines})  # of an article and its copies one is a line
    assert set(lines) <= wanted
    sent = set()
    for digest in digests:
        assert {item.url for item in digest.further_copies} <= sent
        sent |= {line.url for line in lines_of(digest)}
        new = {url for url in wanted if digest.cut_from < stored[url]["kept_at"] <= digest.cut_to}
        assert all(stored[url]["backlog"] for url in new - set(told))
        assert digest.backlog_omitted == len(new - set(told))
    # Nothing is "omitted" but for want of room: five lines of what an endpoint's first poll brought.
    old = Counter(stored[url]["source"] for url in lines if stored[url]["backlog"])
    assert max(old.values(), default=0) <= 5
    assert sum(digest.backlog_omitted for digest in digests) == 0 or max(old.values(), default=0) == 5
