"""Feed bytes → entries, and what is said of bytes that are no feed."""

from datetime import UTC, datetime

import pytest

from crawler.feeds import PollFaultError, parse_feed
from crawler.items import Precision

URL = "https://news.chenfeng.example/feed"

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0"><channel><title>晨风科技</title><ttl>45</ttl>
<item><title>人形机器人进厂</title><link>https://news.chenfeng.example/a/1?utm_source=rss</link>
<description>一家工厂开始试用。</description><author>林晓</author>
<pubDate>Mon, 03 Mar 2025 09:30:00 +0800</pubDate></item>
<item><title>没有链接的一条</title></item>
<item><title>相对链接</title><link>/a/2</link></item>
<item><title>只有 guid</title><guid>https://news.chenfeng.example/a/3</guid></item>
<item><title>坏链接</title><link>javascript:alert(1)</link></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>更新</title>
<link href="https://news.chenfeng.example/b/1"/><updated>2025-03-03T01:30:00Z</updated></entry></feed>"""


def test_rss_entries_come_in_order_and_those_without_a_usable_link_are_skipped():
    entries, ttl = parse_feed(RSS.format(encoding="utf-8").encode(), "application/rss+xml", URL)
    assert [entry.url for entry in entries] == [
        "https://news.chenfeng.example/a/1?utm_source=rss",
        "https://news.chenfeng.example/a/2",
        "https://news.chenfeng.example/a/3",
    ]
    assert ttl == 45 * 60


def test_an_entry_carries_what_the_feed_says_and_its_date_in_utc():
    first = parse_feed(RSS.format(encoding="utf-8").encode(), "", URL)[0][0]
    assert (first.title, first.summary, first.authors) == ("人形机器人进厂", "一家工厂开始试用。", ("林晓",))
    assert first.key == "url:news.chenfeng.example/a/1"
    assert (first.published.at, first.published.precision) == (
        datetime(2025, 3, 3, 1, 30, tzinfo=UTC),
        Precision.SECOND,
    )
    assert first.published.text == "Mon, 03 Mar 2025 09:30:00 +0800"


@pytest.mark.parametrize(
    ("label", "actual", "content_type"),
    [
        ("gb2312", "gb18030", "application/xml"),
        ("gbk", "gb18030", "text/xml; charset=gbk"),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("gb2312", "utf-8", "application/xml"),
    ],
    ids=["GBK labelled gb2312", "GBK in header and prolog", "wrong header, right prolog", "UTF-8 labelled gb2312"],
)
def test_titles_survive_encodings_and_wrong_labels(label, actual, content_type):
    entries, _ = parse_feed(RSS.format(encoding=label).encode(actual), content_type, URL)
    assert entries[0].title == "人形机器人进厂"


def test_atom_falls_back_to_the_updated_date():
    [entry] = parse_feed(ATOM.encode(), "application/atom+xml", URL)[0]
    assert entry.published.at == datetime(2025, 3, 3, 1, 30, tzinfo=UTC)


def test_an_empty_but_valid_feed_is_no_fault():
    assert parse_feed(b'<rss version="2.0"><channel><title>t</title></channel></rss>', "", URL) == ((), None)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page, not a feed"),
        (b"RSS Disabled", "not a feed"),
        (b'{"code": 99998}', "not a feed"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0"><channel><title>&a;</title></channel></rss>', "entities"),
    ],
    ids=["nothing", "white space", "html", "plain text", "json", "entities"],
)
def test_what_is_no_feed_is_a_fault_that_says_what_it_is(body, says):
    with pytest.raises(PollFaultError, match=says):
        parse_feed(body, "text/html", URL)
