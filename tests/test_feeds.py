"""Feed bytes → entries, and what is said of bytes that are no feed."""

import re
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from crawler.feeds import parse_feed
from crawler.items import Announced, PollFaultError, Precision

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

ITEM = """<rss version="2.0"><channel><title>t</title><item><link>https://news.chenfeng.example/c/1</link>
<title>{title}</title><description>{summary}</description><author>{author}</author></item></channel></rss>"""
PICTURE = '<a href="https://a.example/nvidia-gpu/"><img src="https://a.example/gpu.png" alt="" /></a>'


def the_entry(title="", summary="", author=""):
    """Of a feed whose one item says this."""
    feed = ITEM.format(title=escape(title), summary=escape(summary), author=escape(author))
    [entry] = parse_feed(feed.encode(), "application/rss+xml", URL).entries
    return entry


def test_rss_entries_come_in_order_and_those_without_a_usable_link_are_skipped():
    read = parse_feed(RSS.format(encoding="utf-8").encode(), "application/rss+xml", URL)
    assert [entry.url for entry in read.entries] == [
        "https://news.chenfeng.example/a/1?utm_source=rss",
        "https://news.chenfeng.example/a/2",
        "https://news.chenfeng.example/a/3",
    ]
    assert (read.ttl, read.unread) == (45 * 60, 1)


def test_an_entry_carries_what_the_feed_says_and_its_date_in_utc():
    first = parse_feed(RSS.format(encoding="utf-8").encode(), "", URL).entries[0]
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
        ("utf-8", "gbk", "application/xml; charset=utf-8"),
    ],
    ids=[
        "GBK labelled gb2312",
        "GBK in header and prolog",
        "wrong header, right prolog",
        "UTF-8 labelled gb2312",
        "GBK labelled UTF-8",
    ],
)
def test_titles_survive_encodings_and_wrong_labels(label, actual, content_type):
    read = parse_feed(RSS.format(encoding=label).encode(actual), content_type, URL)
    assert read.entries[0].title == "人形机器人进厂"


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        pytest.param(f"<p>{PICTURE}</p><p>老城区的七家面馆。</p>", "老城区的七家面馆。", id="tags and addresses go"),
        pytest.param('<img src="https://a.example/gpu.png">面馆', "面馆", id="a tag without an end"),
        pytest.param("固<b>态</b>电池", "固态电池", id="bold does not part a word"),
        pytest.param("<p>Intel</p>GPU<br>NPU", "Intel GPU NPU", id="paragraphs do"),
        pytest.param("买&nbsp;AT&amp;T", "买 AT&T", id="entities"),
        pytest.param("<video></video><style>p {}</style><script>gpu()</script>面馆", "面馆", id="what nobody reads"),
        pytest.param("<p></p><frameset></frameset></div></body>完", "完", id="broken markup"),
        pytest.param("字" * 1990 + PICTURE + "尾" * 30, "字" * 1990 + "尾" * 10, id="cut when it is plain"),
    ],
)
def test_a_summary_is_what_its_reader_sees(summary, text):
    assert the_entry(summary=summary).summary == text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("茶A&B鱼", "茶A&B鱼", id="no reference"),
        pytest.param("茶&鱼 &", "茶&鱼 &", id="no name either"),
        pytest.param("茶&amp;鱼 &#38; &#x26;", "茶&鱼 & &", id="references"),
        pytest.param("<![CDATA[茶A&B鱼]]>", "茶A&B鱼", id="CDATA"),
        pytest.param("<![CDATA[茶&amp;鱼]]>&鱼", "茶&鱼&鱼", id="CDATA and what follows it"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_bare_ampersand_is_one(written, shown, encoding):
    assert title_of(written, encoding) == shown


def test_references_stay_what_they_are_where_a_character_has_two_bytes():
    assert title_of("茶&amp;鱼", "utf-16") == "茶&鱼"


def title_of(written, encoding):
    items = f"<item><title>{written}</title><link>https://news.chenfeng.example/a/1</link></item>"
    body = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>{items}</channel></rss>'
    return parse_feed(body.encode(encoding), "application/rss+xml", URL).entries[0].title


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("<b>面</b>馆", "面馆", id="markup"),
        pytest.param("CPU<GPU 与 Vec<T>", "CPU<GPU 与 Vec<T>", id="no tags of HTML"),
        pytest.param("面馆\n结果：收录（kept）", "面馆 结果：收录（kept）", id="a line end"),
        pytest.param("面\u202e\u200b馆\x7f\u2028完", "面馆 完", id="what cannot be seen"),
    ],
)
def test_titles_and_authors_are_one_visible_line(written, shown):
    entry = the_entry(title=written, author=re.sub("</?b>", "", written))
    assert (entry.title, entry.authors) == (shown, (shown,))


def test_atom_falls_back_to_the_updated_date():
    [entry] = parse_feed(ATOM.encode(), "application/atom+xml", URL).entries
    assert entry.published.at == datetime(2025, 3, 3, 1, 30, tzinfo=UTC)


def test_an_empty_but_valid_feed_is_no_fault():
    assert parse_feed(b'<rss version="2.0"><channel><title>t</title></channel></rss>', "", URL) == Announced(entries=())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page, not a feed"),
        (b"RSS Disabled", "not a feed"),
        (b'{"code": 99998}', "not a feed"),
        (b"<rss version='2.0'><channel><title>&#xD800;</title></channel></rss>", "a character that does not exist"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0"><channel><title>&a;</title></channel></rss>', "entities"),
    ],
    ids=["nothing", "white space", "html", "plain text", "json", "half a character", "entities"],
)
def test_what_is_no_feed_is_a_fault_that_says_what_it_is(body, says):
    with pytest.raises(PollFaultError, match=says):
        parse_feed(body, "text/html", URL)


@pytest.mark.parametrize(
    "date",
    ["0001-01-01T00:00:00+08:00", "0000-00-00T00:00:00Z", "00000000", "9999-12-31T23:59:59-12:00", "yesterday"],
)
def test_a_date_that_is_none_costs_neither_the_item_nor_the_feed(date):
    rss = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item><title>甲</title>
    <link>https://news.chenfeng.example/a/1</link><dc:date>{date}</dc:date><pubDate>{date}</pubDate></item>
    <item><title>乙</title><link>https://news.chenfeng.example/a/2</link></item></channel></rss>"""
    assert [entry.published for entry in parse_feed(rss.encode(), "", URL).entries] == [None, None]


def test_a_space_in_a_link_is_encoded_as_browsers_do():
    link = "https://news.chenfeng.example/机器 人.html"
    rss = f'<rss version="2.0"><channel><item><title>甲</title><link>{link}</link></item></channel></rss>'
    assert [entry.url for entry in parse_feed(rss.encode(), "", URL).entries] == [link.replace(" ", "%20")]


def test_a_ttl_that_is_no_number_is_none():
    rss = '<rss version="2.0"><channel><ttl>²</ttl></channel></rss>'
    assert parse_feed(rss.encode(), "", URL).ttl is None


@pytest.mark.parametrize("odd", ["&#xFFFE;", "&amp;#11;", "&amp;#1;", "\uffff"])
def test_a_character_that_xml_forbids_costs_neither_its_item_nor_the_feed(odd):
    items = f"""<item><title>甲</title><link>https://news.chenfeng.example/a/1</link>
    <description>&lt;p&gt;{odd}机器人&lt;br&gt;{odd}进厂&lt;/p&gt;</description></item>
    <item><title>乙</title><link>https://news.chenfeng.example/a/2</link></item>"""
    read = parse_feed(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(), "", URL)
    assert [entry.title for entry in read.entries] == ["甲", "乙"]
    assert "机器人" in read.entries[0].summary
