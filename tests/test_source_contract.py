"""One contract over every source that is shipped, and the newsroom's own: crawled alone, its config unchanged.

A source that is shipped disabled is crawled all the same where the newsroom has its site, else it must say why.
"""

import re
import shutil
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from contract import (
    Listening,
    config_of_the_demo,
    crawl_alone,
    first_questions,
    pictures,
    place,
    rest_of,
)

from crawler.config.load import load_config
from crawler.config.places import shipped_config
from crawler.database import Database, sqlite_url
from crawler.items import Precision
from crawler.newsroom import shipped_sources

PRESS = Listening()
SHIPPED = load_config(shipped_config(), environ={}).sources
UNSERVED = [source for source in SHIPPED if not all(PRESS.knows(endpoint.url) for endpoint in source.endpoints)]
NAMES = [source.name for source in SHIPPED if source not in UNSERVED]
OWN = [name.removesuffix(".yaml") for name in shipped_sources()]
# Many sites show minutes.
SLACK = {Precision.SECOND: timedelta(minutes=1), Precision.HOUR: timedelta(hours=1), Precision.DAY: timedelta(days=1)}
SHORTEST = 200  # characters of a body; the briefs of some sites have less, and are compared with what was published
TROUBLED = {"qq", "iyiou", "wxcang"}  # what they miss, or how they turn visitors away, is told in their books
ANOTHER_TEXT = {"paid", "same_title"}  # traits of articles at whose address a part stands, or another article
# What stands in a text beside its paragraphs by right: the caption of a picture, a heading.
BESIDE = ("资料图", "第一部分进展与数字")
FOREIGN = (
    "免责声明",
    "版权所有",
    "版权归",
    "分享到",
    "相关阅读",
    "相关推荐",
    "授权发布",
)  # words of the page around a text
# What the reading of pages does not do yet, per source: words it leaves in a text, and authors it does not see.
STRAYS = {
    "huxiu": "本内容由作者授权发布.*",  # `drop` is not heeded where there is no rule for the body
    "liurun": r"戳蓝字“关注我”哦|品牌推广 \| 培训合作 \| 商业咨询 \| 转载开白",
    "solidot": "2025年.*来源：Solidot",  # the line in front of the text, where no author stands in it
    "thepaper": "2025-.*来源：澎湃新闻",
    "wxcang": "阅读全文",  # the link from a repost to its original
}
AUTHORS_UNREAD = {"donews", "ithome", "latepost", "pedaily", "solidot", "thepaper", "xinchao"}  # theirs stay empty
PUBLISHERS = {"gushu", "yanta"}  # their pages name who put the piece there, which is not who wrote it


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return config_of_the_demo(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database with all its tables: making one takes longer than copying one."""
    path = tmp_path_factory.mktemp("empty") / "presswatch.db"
    Database.open(sqlite_url(path)).close()
    return path


@pytest.fixture(scope="module", params=[*NAMES, *OWN])
def crawled(request, config, empty, tmp_path_factory):
    source = config.source(request.param).model_copy(update={"enabled": True})
    folder = tmp_path_factory.mktemp(source.name)
    database = Database.open(sqlite_url(shutil.copy(empty, folder)))
    yield crawl_alone(PRESS, config, source, database, folder)
    database.close()


def test_a_source_the_newsroom_has_no_site_of_is_disabled_and_says_why():
    assert [source.name for source in UNSERVED if source.enabled or not source.disabled_because] == []


def test_everything_it_published_is_found_once_and_ends_as_it_must(crawled):
    assert Counter(found.key for found in crawled.found) == Counter(one.key for one in crawled.published)
    assert len(crawled.found) >= 2
    ended = {found.key: found for found in crawled.found}
    wrong = [(one, ended[one.key]) for one in crawled.published if ended[one.key].outcome not in crawled.expected(one)]
    assert wrong == []


def test_its_books_balance_and_no_list_has_rows_that_cannot_be_read(crawled):
    assert all(report.balances for report in crawled.reports)
    assert [error for report in crawled.reports for error in report.errors] == []
    told = [book.error for report in crawled.reports for book in report.books if book.error]
    assert [error for error in told if "could not be read" in error] == []
    assert not told or crawled.source.name in TROUBLED


def test_each_article_has_its_title_and_its_text(crawled):
    for found in stored(crawled):
        one = crawled.publication(found)
        shown = crawled.newsroom.shown(one, found.first_seen)
        assert found.title == shown.title
        if not ANOTHER_TEXT & {*one.traits}:
            assert [block for block in shown.blocks if block not in found.text] == [], found.title
    assert max(len(found.text) for found in stored(crawled)) >= SHORTEST


def test_nothing_stands_in_a_text_that_is_not_its_own(crawled):
    for found in whole(crawled):
        one = crawled.publication(found)
        own = crawled.newsroom.shown(one, found.first_seen).blocks
        titles = {other.title for other in crawled.newsroom.truth if other.site == one.site}
        text = re.sub(STRAYS.get(crawled.source.name, "$^"), "", found.text)
        foreign = [words for words in (*FOREIGN, *titles) if words in text and words not in "".join(own)]
        assert (foreign, rest_of(text, (*own, *BESIDE))) == ([], ""), one.title


def test_each_article_has_the_pictures_of_its_page(crawled):
    for found in whole(crawled):
        one = crawled.publication(found)
        shown = pictures(crawled.newsroom.pages(one, found.first_seen), one.url)
        assert {place(url) for url in found.images} == shown, one.title
        assert len(found.images) == len(shown), one.title


def test_each_article_has_the_author_and_the_account_its_page_names(crawled):
    for found in stored(crawled):
        one = crawled.publication(found)
        assert found.account == crawled.newsroom.account_of(one), one.title
        author = crawled.newsroom.shown(one, found.first_seen).author
        is_named = author and any(author in page for page in crawled.newsroom.pages(one, found.first_seen))
        is_left_out = crawled.source.name in AUTHORS_UNREAD | PUBLISHERS and not found.authors
        assert not is_named or is_left_out or author in {*found.authors, found.account}, one.title


def test_each_article_has_its_date_and_the_evidence_for_it(crawled):
    for found in stored(crawled):
        one = crawled.publication(found)
        assert found.published, one.title
        assert found.published.where
        assert found.published.text
        assert found.first_seen - crawled.source.articles.max_age - timedelta(days=1) <= found.published.at
        assert found.published.at <= found.first_seen
        times = [at for at in (one.at, one.changes_at) if at]
        assert min(abs(found.published.at - at) for at in times) <= SLACK[found.published.precision], one.title


def test_a_second_poll_finds_nothing_and_costs_a_request_for_each_list(crawled):
    assert [book.found for book in crawled.reports[-1].books] == [0]
    asked = Counter(
        (one.method, f"https://{one.host}{one.path}{'?' * bool(one.query)}{one.query}") for one, _ in crawled.asked
    )
    assert set(asked.values()) == {1}
    lists = set(first_questions(crawled.source))
    assert {(method, url) for method, url in lists if method == "GET"} <= set(asked)
    for one, status in crawled.asked:
        is_conditional = one.header("If-None-Match") or one.header("If-Modified-Since")
        assert one.method == "POST" or is_conditional or status == 404, one


def test_what_robots_forbid_is_refused(config, empty, tmp_path):
    database = Database.open(sqlite_url(shutil.copy(empty, tmp_path)))
    mirror = crawl_alone(PRESS, config, config.source("九边"), database, tmp_path)
    database.close()
    forbidden = [one.key for one in mirror.published if urlsplit(one.url).netloc == "mp.weixin.qq.com"]
    assert forbidden
    assert {found.outcome for found in mirror.found if found.key in forbidden} == {"refused"}


def whole(crawled):
    """What was stored, less what stands at its address without being the text the press means."""
    return [found for found in stored(crawled) if not ANOTHER_TEXT & {*crawled.publication(found).traits}]


def stored(crawled):
    found = [found for found in crawled.found if found.outcome in {"kept", "copy", "off_theme"}]
    assert found
    return found
