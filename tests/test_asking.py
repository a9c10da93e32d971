"""What is asked of an endpoint: address, headers and body of each page."""

import json
from urllib.parse import parse_qs

import pytest

from crawler.asking import has_pages, headers_for, question, reader_of, recorded_url
from crawler.config.models import Kind, Reader, Source
from crawler.config.sites import expanded

ID = "a" * 36


def a_source(url, kind=Kind.JSON, headers=None, **rules):
    endpoint = {"url": url, **rules}
    if kind in {Kind.JSON, Kind.LISTING}:
        endpoint.setdefault("entries", {"items": "data", "link": "url"})
    return expanded(Source(name="x", kind=kind, endpoints=(endpoint,), headers=headers or {}))


def ask(source, page=1, cursor=""):
    return question(source, source.endpoints[0], installation=ID, page=page, cursor=cursor)


@pytest.mark.parametrize(
    ("pages", "numbers"),
    [(None, [1, 2, 3]), ({"first": 0}, [0, 1, 2]), ({"first": 0, "step": 20}, [0, 20, 40]), ({"step": 5}, [1, 6, 11])],
)
def test_the_page_counts_as_the_config_says(pages, numbers):
    source = a_source("https://api.example/list?offset={page}&n=20", pages=pages)
    assert [ask(source, page).url for page in (1, 2, 3)] == [
        f"https://api.example/list?offset={number}&n=20" for number in numbers
    ]


def test_the_cursor_is_empty_on_the_first_page_and_quoted_in_an_address():
    source = a_source("https://api.example/list?last={cursor}", pages={"cursor": "next"})
    assert ask(source).url == "https://api.example/list?last="
    assert ask(source, 2, "a&b=1 二{page}").url == "https://api.example/list?last=a%26b%3D1%20%E4%BA%8C%7Bpage%7D"


def test_what_a_cursor_says_is_never_taken_for_a_placeholder():
    source = a_source("https://api.example/list", post_json={"last": "{cursor}", "who": "{installation}"})
    assert json.loads(ask(source, 2, "{installation}").body) == {"last": "{installation}", "who": ID}


def test_what_stands_behind_the_mark_is_not_sent():
    source = a_source("https://api.example/list?channel={fragment}#%E7%A7%91 技".replace(" ", ""))
    assert ask(source).url == "https://api.example/list?channel=%E7%A7%91%E6%8A%80"


SENT_TO = {  # address of a page → names of the headers that go there
    "the endpoint's host": ("https://api.example/1", {"X-App", "X-Key"}),
    "its www": ("https://www.api.example/1", {"X-App", "X-Key"}),
    "the other scheme": ("http://api.example/1", {"X-App", "X-Key"}),
    "another host of the site": ("https://cdn.api.example/1", {"X-App"}),
    "another port": ("https://api.example:8443/1", {"X-App"}),
    "another site": ("https://other.example/1", set()),
}


@pytest.mark.parametrize(("url", "names"), SENT_TO.values(), ids=SENT_TO)
def test_headers_are_for_the_site_and_those_with_a_secret_for_the_server(url, names):
    source = a_source("https://api.example/list", headers={"X-App": "web", "X-Key": "v ${KEY}"})
    assert headers_for(source, url).keys() == names


def test_a_get_has_no_body_and_the_sources_headers():
    asked = ask(a_source("https://api.example/list", headers={"X-App": "web"}))
    assert (asked.method, asked.body, asked.headers) == ("GET", None, {"X-App": "web"})


def test_a_json_body_is_filled_in_at_every_depth():
    body = {
        "a": [{"n": "{page}", "t": "第{page}页"}],
        "id": "{installation}",
        "k": 3,
        "none": None,
        "channel": "x_{fragment}",
    }
    asked = ask(a_source("https://api.example/list#tech", post_json=body, headers={"X-App": "web"}), page=2)
    assert json.loads(asked.body) == {
        "a": [{"n": 2, "t": "第2页"}], "id": ID, "k": 3, "none": None, "channel": "x_tech",
    }  # fmt: skip
    assert (asked.method, asked.headers) == ("POST", {"X-App": "web", "Content-Type": "application/json"})


def test_a_form_is_filled_in_and_encoded():
    asked = ask(a_source("https://api.example/list", post_form={"page": "{page}", "limit": "10", "q": "科技&"}), page=3)
    assert parse_qs(asked.body.decode()) == {"page": ["3"], "limit": ["10"], "q": ["科技&"]}
    assert asked.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_qqs_channel_feed_is_asked_as_its_own_page_asks():
    source = a_source("https://i.news.qq.com/web_feed/getPCList#tech", Kind.QQ)
    asked = ask(source, page=2)
    assert asked.url == "https://i.news.qq.com/web_feed/getPCList"
    assert json.loads(asked.body) == {
        "base_req": {"from": "pc"}, "forward": "2", "qimei36": ID, "device_id": ID, "flush_num": 2,
        "channel_id": "news_news_tech", "item_count": 20, "is_local_chlid": "0",
    }  # fmt: skip
    assert has_pages(source, source.endpoints[0])


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://m.example/#/gzh/九边", "https://m.example/gzh/%E4%B9%9D%E8%BE%B9.md"),
        ("https://m.example/gzh/九边.md", "https://m.example/gzh/%E4%B9%9D%E8%BE%B9.md"),
        ("https://m.example/#/gzh/gzh_list", "https://m.example/gzh/gzh_list.md"),
    ],
)
def test_of_a_docsify_route_the_markdown_file_is_asked(url, asked):
    assert ask(a_source(url, Kind.WECHAT_MIRROR)).url == ask(a_source(url, Kind.DOCSIFY)).url == asked


@pytest.mark.parametrize(
    ("url", "rules", "expected"),
    [
        ("https://api.example/list", {}, False),
        ("https://api.example/list?page={page}", {}, True),
        ("https://api.example/list?page={page}", {"pages": {"most": 1}}, False),
        ("https://api.example/list", {"post_form": {"page": "{page}"}}, True),
        ("https://api.example/list", {"post_json": {"last": "{cursor}"}, "pages": {"cursor": "next"}}, True),
        ("https://api.example/list", {"pages": {"next": "a.next"}}, True),
        ("https://api.example/list", {"post_json": {"id": "{installation}"}}, False),
    ],
)
def test_which_lists_have_pages(url, rules, expected):
    source = a_source(url, **rules)
    assert has_pages(source, source.endpoints[0]) is expected


def test_two_bodies_are_recorded_under_two_addresses_and_a_get_under_its_own():
    get, post = a_source("https://api.example/l?a=1"), a_source("https://api.example/l?a=1", post_json={"n": "{page}"})
    assert recorded_url(ask(get)) == "https://api.example/l?a=1"
    recorded = {recorded_url(ask(post, page)) for page in (1, 2)}
    assert len(recorded) == 2
    assert all(url.startswith("https://api.example/l?a=1&__wb_method=POST&__wb_post_data=") for url in recorded)


def test_an_endpoints_kind_goes_before_its_sources():
    endpoint = {"url": "https://a.example/list", "kind": "sitemap"}
    source = Source(name="x", kind=Kind.FEED, endpoints=(endpoint,))
    assert reader_of(source, source.endpoints[0]) is Reader.SITEMAP


def test_an_endpoint_nobody_can_read_is_not_asked():
    source = Source(name="x", kind=Kind.QQ, endpoints=({"url": "https://i.news.qq.com/other"},))
    with pytest.raises(LookupError, match="nothing says how an endpoint of kind qq is read"):
        ask(source)
