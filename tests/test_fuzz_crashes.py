"""What a parser once broke on, as small as it gets, and what comes out of it now. Rows are only ever added."""

import pytest
from fuzz.targets import TARGETS
from fuzz.watch import limited_time

from crawler.captures.reading import StoredResponse, Unreadable
from crawler.config.report import Fault
from crawler.items import Announced, Article, Dating, Ended
from crawler.urls import UrlError, article_key

PICTURE_POST = b"<d id='js_image_desc'><script>picture_page_info_list=[{cdn_url:'http://x/1']</script>"
NO_ADDRESS = b"WARC/1.1\nWARC-Type:response\nWARC-Date:2025-03-03T00:00:00Z\nContent-Length:1\n\na\r\n\r\n"
RESPONSE = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2025-03-03T00:00:00Z\r\nWARC-Target-URI: http://x.example/\r\n"
    b"Content-Length: %s\r\n\r\nno HTTP\r\n\r\n"
)
QUOTES = b'["' + b'\\"' * 80_000  # a string that nothing closes
PLACE = (
    b"<rss version='2.0' xmlns:%s='http://www.opengis.net/gml'><channel><item><link>http://x.example/1</link>"
    b"<%s:pos>45 1</%s:pos><title>t</title></item></channel></rss>"
)
WECHAT = b"https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMg==&mid=%s&sn=fedcba9876543210fedcba9876543210"

# target, bytes, what is told of the result, see `told`
CRASHES = {
    "a date of publication alone": ("feed", b"<item><link>http://x.example/1</link></pubDate>", [""]),
    "the end of a place alone": ("feed", b"</gml:pos<", "PollFaultError: not a feed"),
    "a place outside of where it belongs": (
        "feed",
        PLACE.replace(b"%s", b"gml"),
        ["t"],
    ),
    "a place under a name of its own": (
        "feed",
        PLACE.replace(b"%s", b"g"),
        "PollFaultError: the feed cannot be read: KeyError: 'where'",
    ),
    "half a character in a sitemap": (
        "sitemap",
        b"<urlset><url><loc>http://x.example/1</loc><news><publication_date>&#xD800;</news></url></urlset>",
        [""],
    ),
    "a key that moves the cursor": (
        "json_list",
        b'{"\x1b":1}',
        "@ gives an object; its keys are ",
    ),
    "control characters in a key": (
        "json_in_page",
        b'__STATE__={"\x1b[2J":1}',
        "PollFaultError: no list of items: list gives nothing; its keys are [2J",
    ),
    "keys of a thousand characters": ("html_in_json", b'{"%s":1}' % (b"a" * 5000), "its keys are " + "a" * 900),
    "two letters that a guess makes Chinese": ("charset", b"y\x04", ("y\x04", "utf-8")),
    "a byte order mark by chance": ("charset", b"\xff\xfe\0\0" + b"*" * 40, ("\ufffd\ufffd\0\0" + "*" * 40, "utf-8")),
    "an address that grows when it is encoded": (
        "address",
        b"http://x.example/" + b"<" * 4000,
        "has 12025 characters when it is encoded, more than 2400",
    ),
    "NUL in what a key is made of": (
        "address",
        WECHAT % b"%00",
        "url:mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMg%3D%3D&mid=%00&sn=fedcba9876543210fedcba9876543210",
    ),
    "a separator of records in a date": ("date", b"3\xe6\x9c\x883\x1e\xe6\x97\xa5", ["3月3 日", "3月3 日"]),
    "a separator of records in an age": ("date", b"3\x1e\xe5\xa4\xa9\xe5\x89\x8d", ["3 天前", "3 天前"]),
    "half a byte pair in what a key is made of": (
        "address",
        WECHAT % b"%D6",
        "url:mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMg%3D%3D&mid=%D6&sn=fedcba9876543210fedcba9876543210",
    ),
    "pictures in scripts alone": ("weixin", PICTURE_POST, "0 characters of text were found, at least 20 are expected"),
    "a response without an address": ("responses", NO_ADDRESS, ["a record that does not say of which address it is"]),
    "a response that is no HTTP": (
        "responses",
        RESPONSE % b"7",
        ["what it holds does not begin as an HTTP response does"],
    ),
    "a status that quotes the file": (
        "responses",
        RESPONSE.replace(b"no HTTP", b"HTTP/1.1 \xc2\x9d") % b"13",
        ["invalid literal for int() with base 10: '\\x9d'"],
    ),
    "a length of twenty digits": ("responses", RESPONSE % b"99999999999999999999", "BrokenFileError"),
    "NUL below front matter": ("seed", b"---\ntitle: t\n---\n\xe5\xad\x97\0b", "字b"),
    "half a character in a value": (
        "config",
        b'name: "\\ud800"',
        "the character U+D800 stands here, which nothing can show",
    ),
    "a control character in a key": (
        "config",
        b'"a\\x1b": 1',
        "a key holds a character that nothing can show: 'a\\x1b'",
    ),
    "escaped quotes for a list": ("json_list", QUOTES, "PollFaultError: not JSON: Unterminated string starting at"),
    "escaped quotes in a page": (
        "json_in_page",
        b"__STATE__=" + QUOTES,
        "PollFaultError: not JSON: Unterminated string starting at",
    ),
    "escaped quotes for linked data": ("linked_data", QUOTES, []),
    "escaped quotes in a script": ("scripts", b"DATA = " + QUOTES, ["", "", "", "", "", "", "", ""]),
}


def told(result):
    match result:
        case Announced():
            return [entry.title for entry in result.entries]
        case Article():
            return result.title
        case Ended():
            return result.reason
        case [StoredResponse() | Unreadable(), *_]:
            return [found.url if isinstance(found, StoredResponse) else found.why for found in result]
        case [*found] if any(isinstance(one, Dating | Fault) for one in found):
            return [one.text if isinstance(one, Dating) else one.rule for one in found if one]
        case _:
            return getattr(result, "text", result)


def outcome(name, data):
    target = TARGETS[name]
    with limited_time():
        target.try_with(data)
    try:
        result = target.read(data)
        if name == "address":
            return article_key(result)
    except UrlError as error:
        return error.why
    except target.declared as error:
        return f"{type(error).__name__}: {error}"
    return told(result)


@pytest.mark.parametrize("row", CRASHES)
def test_what_once_broke_a_parser_comes_out_as_it_should(row):
    name, data, expected = CRASHES[row]
    found = outcome(name, data)
    assert found == expected or expected in found
