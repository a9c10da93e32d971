"""Sitemaps and their indexes → entries and further lists, and what is said of bytes that are neither."""

import gzip
import zlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import Answer, PollFaultError, Precision
from crawler.sitemaps import parse_sitemap
from crawler.urls import article_key, check_fetchable

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)
URL = "https://news.chenfeng.example/sitemap.xml"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><!-- made at noon -->
<url><loc> https://news.chenfeng.example/a/1?x=1&amp;y=2 </loc><lastmod>2025-02-13</lastmod>
<image:image><image:loc>https://img.chenfeng.example/1.jpg</image:loc><image:title>图</image:title></image:image>
<news:news><news:publication><news:name>晨风</news:name><news:language>zh-cn</news:language></news:publication>
<news:publication_date>2025-02-12T09:30:00+08:00</news:publication_date><news:title>人形机器人 &amp; 工厂</news:title>
<news:keywords>a, b</news:keywords></news:news></url>
<url><loc><![CDATA[https://news.chenfeng.example/a/2]]></loc><lastmod>2025-02-13T10:00:00Z</lastmod></url>
<url><loc>/a/3</loc></url><url><loc>ftp://news.chenfeng.example/a/4</loc></url><url/></urlset>"""


def read(body, url=URL, content_type="application/xml", charset=""):
    body = body if isinstance(body, bytes) else body.encode()
    return parse_sitemap(Answer(url=url, body=body, content_type=content_type, at=AT, zone=ZONE, charset=charset))


def urls(read):
    return [entry.url for entry in read.entries]


def urlset(*locs):
    return f"<urlset {NAMESPACE}>{''.join(f'<url><loc>{loc}</loc></url>' for loc in locs)}</urlset>"


def index(*locs, more=""):
    listed = "".join(f"<sitemap><loc>{loc}</loc>{more}</sitemap>" for loc in locs)
    return f"<sitemapindex {NAMESPACE}>{listed}</sitemapindex>"


def test_a_news_sitemap_gives_title_and_publication():
    first, second = read(NEWS).entries
    assert (first.url, first.title) == ("https://news.chenfeng.example/a/1?x=1&y=2", "人形机器人 & 工厂")
    assert (first.published.at, first.published.where) == (datetime(2025, 2, 12, 1, 30, tzinfo=UTC), "sitemap")
    assert (second.url, second.title) == ("https://news.chenfeng.example/a/2", "")


def test_a_last_change_is_no_publication_but_a_bound_of_it():
    first, second = read(NEWS).entries
    assert first.changed == datetime(2025, 2, 14, 12, tzinfo=UTC)  # the end of the day it names, where it ends last
    assert (second.published, second.changed) == (None, datetime(2025, 2, 13, 10, tzinfo=UTC))
    assert read(urlset("https://a.example/1")).entries[0].changed is None


@pytest.mark.parametrize(
    ("lastmod", "latest"),
    [
        ("2025-02-13", datetime(2025, 2, 14, 12, tzinfo=UTC)),
        ("2025-02-13T10:00:00", datetime(2025, 2, 13, 22, tzinfo=UTC)),
        ("2025-02-13T10:00:00+08:00", datetime(2025, 2, 13, 2, tzinfo=UTC)),
    ],
)
def test_a_last_change_without_a_zone_may_have_been_as_late_as_in_any(lastmod, latest):
    body = index("https://news.chenfeng.example/s.xml", more=f"<lastmod>{lastmod}</lastmod>")
    assert read(body).lists[0].changed == latest


def test_relative_and_unusable_addresses_are_unread():
    assert read(NEWS).unread == 3


def test_a_publication_of_a_day_is_as_precise():
    body = NEWS.replace("2025-02-12T09:30:00+08:00", "2025-02-12")
    assert read(body).entries[0].published.precision is Precision.DAY


def test_an_index_names_further_lists():
    body = index(
        "https://news.qq.com/sitemap/sitemap_1182200090.xml", "https://new.qq.com/s.xml.gz", "https://other.example/s.xml",
        "sitemap_2.xml", more="<lastmod>2025-02-13T10:00:00+00:00</lastmod>",
    )  # fmt: skip
    found = read(body, "https://news.qq.com/sitemap/index.xml")
    assert [further.url for further in found.lists] == [
        "https://news.qq.com/sitemap/sitemap_1182200090.xml",
        "https://new.qq.com/s.xml.gz",
        "https://other.example/s.xml",
    ]
    assert {further.changed for further in found.lists} == {datetime(2025, 2, 13, 10, tzinfo=UTC)}
    assert (found.entries, found.unread) == ((), 1)


ODD = {
    "no namespace": "<urlset><url><loc>https://a.example/1</loc></url></urlset>",
    "another namespace": '<urlset xmlns="http://www.google.com/schemas/sitemap/0.84"><url><loc>https://a.example/1</loc></url></urlset>',
    "a prefix": '<s:urlset xmlns:s="x"><s:url><s:loc>https://a.example/1</s:loc></s:url></s:urlset>',
    "a prefix nobody declared": "<s:urlset><s:url><s:loc>https://a.example/1</s:loc></s:url></s:urlset>",
    "a doctype": f"<!DOCTYPE urlset>{urlset('https://a.example/1')}",
    "a style sheet": f'<?xml-stylesheet href="x.xsl"?>{urlset("https://a.example/1")}',
    "a wrong encoding": f'<?xml version="1.0" encoding="utf-16"?>{urlset("https://a.example/1")}',
    "space before the prolog": f'\n <?xml version="1.0"?>{urlset("https://a.example/1")}',
    "a mark before the prolog": f'\ufeff<?xml version="1.0"?>{urlset("https://a.example/1")}',
    "cut off": urlset("https://a.example/1")[:-20] + "</url><url><loc",
    "control characters": urlset("https://a.example/1\x0b").replace("<url>", "<url>\x00\x08"),
    "plain text": "https://a.example/1\r\n",
    "plain text with a mark": "\ufeffhttps://a.example/1",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_odd_spellings_are_read(body):
    assert urls(read(body)) == ["https://a.example/1"]


def test_a_bare_ampersand_costs_no_address_its_parameters():
    assert urls(read(urlset("https://a.example/?a=1&b=2&copy=3"))) == ["https://a.example/?a=1&b=2&copy=3"]


def test_a_gbk_sitemap_is_read():
    body = NEWS.replace("UTF-8", "GBK").encode("gbk")
    assert read(body).entries[0].title == "人形机器人 & 工厂"
    assert read(NEWS.encode("gbk"), charset="gb18030").entries[0].title == "人形机器人 & 工厂"


def test_of_plain_text_each_line_is_an_address():
    found = read("https://a.example/1\n\n  https://a.example/2  \n/3\n", content_type="text/plain")
    assert (urls(found), found.unread) == (["https://a.example/1", "https://a.example/2"], 1)


@pytest.mark.parametrize("content_type", ["application/x-gzip", "application/xml", "text/plain", ""])
def test_a_gzip_body_is_known_by_its_bytes(content_type):
    assert read(gzip.compress(NEWS.encode()), f"{URL}.gz", content_type) == read(NEWS)


def test_a_large_sitemap_in_gzip_is_no_bomb():
    body = urlset(*(f"https://a.example/{n}" for n in range(20_000)))
    assert len(read(gzip.compress(body.encode())).entries) == 20_000


def test_a_sitemap_without_pages_is_no_fault():
    assert read(urlset()).entries == ()
    assert read(index()).lists == ()


def bomb(megabytes):
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)), packer.flush()])


INSTEAD = {
    "empty": (b" ", "the answer is empty"),
    "a feed": (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "RSS or Atom feed, .*use kind: feed"),
    "an Atom feed": (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "use kind: feed"),
    "RSS 1.0": (b'<rdf:RDF xmlns:rdf="x"/>', "use kind: feed"),
    "HTML": (b"<!DOCTYPE html><html><p>x<br></html>", "an HTML page, not a sitemap"),
    "other XML": (b"<opml/>", "XML with the root <opml>, not a sitemap"),
    "JSON": (b'{"code": 1}', "neither XML nor one address a line; it begins with '{\"code\": 1}'"),
    "no element": (b"<!-- x -->", "not XML"),
    "entities": (b'<!DOCTYPE urlset [<!ENTITY a "b">]><urlset/>', "declares XML entities, which are refused"),
    "entities in UTF-16": ('<!DOCTYPE u [<!ENTITY a "b">]><urlset/>'.encode("utf-16"), "declares XML entities"),
    "half a gzip body": (gzip.compress(NEWS.encode())[:-9], "the gzip body is cut off"),
    "a broken gzip body": (b"\x1f\x8b" + b"x" * 50, "the gzip body is broken"),
    "a gzip body that only grows": (bomb(2), "grows to more than 200 times its size"),
    "a gzip body beyond the limit": (bomb(60), "holds more than 50 MB"),
}


@pytest.mark.parametrize(("body", "says"), INSTEAD.values(), ids=INSTEAD)
def test_what_is_no_sitemap_is_told_as_what_it_is(body, says):
    with pytest.raises(PollFaultError, match=says):
        read(body)


def test_an_outside_file_is_never_opened(tmp_path):
    (tmp_path / "secret").write_text("geheim")
    body = f'<!DOCTYPE urlset SYSTEM "{tmp_path}/secret"><urlset><url><loc>https://a.example/&x;</loc></url></urlset>'
    assert "geheim" not in str(read(body))


def test_deep_nesting_ends_by_itself():
    found = read("<urlset><url>" + "<x>" * 100_000)
    assert (found.entries, found.unread) == ((), 1)


PIECES = """<urlset>|</urlset>|<sitemapindex>|<sitemap>|</sitemap>|<url>|</url>|<loc>|</loc>|https://a.example/1|http://[x|/a
|<lastmod>|</lastmod>|2025-02-13|2025-02-30|<news:news>|</news:news>|<news:title>|&amp;|&x;|&#0;|&#xd800;|<![CDATA[|]]>|\x00"""
XML = st.lists(st.sampled_from(PIECES.split("|")) | st.text(max_size=4), max_size=20).map("".join)


@given(st.binary(max_size=200) | XML.map(lambda text: text.encode("utf-8", "surrogatepass")), st.booleans())
def test_any_bytes_give_what_can_be_fetched_or_one_fault(body, packed):
    try:
        found = read(gzip.compress(body) if packed else body)
    except PollFaultError:
        return
    for entry in found.entries:
        check_fetchable(entry.url)
        assert entry.key == article_key(entry.url)
    for further in found.lists:
        check_fetchable(further.url)
