"""One spelling for one address, one key for one article, one host for one pace."""

import pickle
from base64 import b64encode
from urllib.parse import quote, urlsplit

import pytest
import yarl
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.urls import (
    UrlError,
    article_key,
    as_sent,
    canonical_url,
    check_fetchable,
    docsify_file_url,
    host_of,
    origin_of,
    server_spellings,
)

BIZ = "MzU5OTk5OTk5OQ"
LONG = f"https://mp.weixin.qq.com/s?__biz={BIZ}==&mid=2247500001&idx=1&sn=0123456789abcdef0123456789abcdef"
OLD = (
    f"http://mp.weixin.qq.com/mp/appmsg/show?__biz={BIZ}==&appmsgid=2247500001&itemidx=1"
    "&sign=0123456789abcdef0123456789abcdef#wechat_redirect"
)
LONG_KEY = f"wechat:{BIZ}:2247500001:1:0123456789abcdef0123456789abcdef"

CANONICAL = {
    "scheme and host in lower case": ("HTTPS://News.Example.COM/A", "https://news.example.com/A"),
    "no path": ("https://a.example", "https://a.example/"),
    "surrounding space": ("  https://a.example/x\n", "https://a.example/x"),
    "trailing dot of the host": ("https://a.example./x", "https://a.example/x"),
    "default port of http": ("http://a.example:80/x", "http://a.example/x"),
    "default port of https": ("https://a.example:443/x", "https://a.example/x"),
    "the other scheme's port stays": ("https://a.example:80/x", "https://a.example:80/x"),
    "empty port": ("https://a.example:/x", "https://a.example/x"),
    "fragment": ("https://a.example/x#rd", "https://a.example/x"),
    "tracking parameters": ("https://a.example/x?utm_source=rss&id=7&spm=1.2&from=feed", "https://a.example/x?id=7"),
    "only tracking parameters": ("https://a.example/x?utm_source=rss", "https://a.example/x"),
    "a reader of feeds": ("https://36kr.com/p/1?f=rss", "https://36kr.com/p/1"),
    "another f": ("https://a.example/x?f=1&f=rss", "https://a.example/x?f=1"),
    "a name that only begins like tracking": ("https://a.example/x?fromage=1", "https://a.example/x?fromage=1"),
    "sorted query": ("https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2"),
    "blank value": ("https://a.example/x?a=", "https://a.example/x?a="),
    "HTML ampersand": ("https://a.example/x?a=1&amp;b=2", "https://a.example/x?a=1&b=2"),
    "HTML ampersand twice over": ("https://a.example/x?a=1&amp;amp;b=2", "https://a.example/x?a=1&b=2"),
    "a script's ampersand": (r"https://a.example/x?a=1\x26amp;b=2", "https://a.example/x?a=1&b=2"),
    "a parameter that looks like an entity": ("https://a.example/x?a=1&copy=2", "https://a.example/x?a=1&copy=2"),
    "an entity's letters in the path": ("https://a.example/a&%61mp;b", "https://a.example/a&amp;b"),
    "GBK bytes in the query": ("https://a.example/x?k=%D6%D0", "https://a.example/x?k=%D6%D0"),
    "Han in the path": ("https://a.example/九边.md", "https://a.example/%E4%B9%9D%E8%BE%B9.md"),
    "Han in the query": ("https://a.example/x?k=九", "https://a.example/x?k=%E4%B9%9D"),
    "escapes in lower case": ("https://a.example/%e4%b9%9d", "https://a.example/%E4%B9%9D"),
    "escapes that need not be": ("https://a.example/%41%2Db", "https://a.example/A-b"),
    "an escaped slash is no slash": ("https://a.example/a%2fb", "https://a.example/a%2Fb"),
    "a lone percent sign": ("https://a.example/100%", "https://a.example/100%25"),
    "dot segments": ("https://a.example/a/./b/../c", "https://a.example/a/c"),
    "escaped dot segments": ("https://a.example/a/%2e%2e/c", "https://a.example/c"),
    "dots above the root": ("https://a.example/../..", "https://a.example/"),
    "IDN": ("https://例子.测试/x", "https://xn--fsqu00a.xn--0zwm56d/x"),
    "IDN with an ideographic full stop": ("https://例子。测试。/x", "https://xn--fsqu00a.xn--0zwm56d/x"),
    "IPv4": ("http://127.0.0.1:8800/x", "http://127.0.0.1:8800/x"),
    "an IPv4 address in IPv6, by every Python": ("http://[::FFFF:1.2.3.4]/x", "http://[::ffff:102:304]/x"),
    "IPv6 in its short form": ("http://[2001:DB8:0:0::1]:80/x", "http://[2001:db8::1]/x"),
}

REFUSED = {
    "another scheme": ("ftp://a.example/x", "http:// or https://"),
    "a script": ("javascript:alert(1)", "http:// or https://"),
    "no scheme": ("a.example/x", "http:// or https://"),
    "no host": ("https:///x", "no host"),
    "a dot for a host": ("https://./x", "not a host name"),
    "credentials": ("https://user:word@a.example/x", "user name or password"),
    "empty user name": ("https://@a.example/x", "user name or password"),
    "port 0": ("https://a.example:0/x", "port 0"),
    "port too high": ("https://a.example:70000/x", "not a URL"),
    "port in letters": ("https://a.example:http/x", "not a URL"),
    "a space": ("https://a.example/x y", "spaces or control"),
    "a line end": ("https://a.example/x\r\nHost: b", "spaces or control"),
    "a null byte": ("https://a.example/\0", "spaces or control"),
    "an ideographic space": ("https://a.example/\u3000", "spaces or control"),
    "half a character": ("https://a.example/\ud83d", "half of a character"),
    "a backslash in the host": ("https://a.example\\b.example/", "not a host name"),
    "an escaped host": ("https://a%2Eexample/", "not a host name"),
    "an empty label": ("https://a..example/", "not a host name"),
    "an open bracket": ("https://[::1/", "not a URL"),
    "a network zone": ("https://[fe80::1%25eth0]/", "IPv6"),
    "a host that is no IDN": ("https://\u2488com/", "not a"),
}

KEYS = {
    "WeChat, long": (LONG, LONG_KEY),
    "WeChat, http and noise": (LONG.replace("https", "http") + "&chksm=fab2&scene=27&lang=zh_CN#rd", LONG_KEY),
    "WeChat, parameters in another order": (
        f"https://mp.weixin.qq.com/s?sn=0123456789abcdef0123456789abcdef&idx=1&mid=2247500001&__biz={BIZ}==",
        LONG_KEY,
    ),
    "WeChat, HTML ampersands": (LONG.replace("&", "&amp;"), LONG_KEY),
    "WeChat, a script's ampersands": (LONG.replace("&", r"\x26amp;"), LONG_KEY),
    "WeChat, padding lost": (LONG.replace("==", ""), LONG_KEY),
    "WeChat, padding escaped": (LONG.replace("==", "%3D%3D"), LONG_KEY),
    "WeChat, half of the padding": (LONG.replace("==", "="), LONG_KEY),
    "WeChat, old spelling": (OLD, LONG_KEY),
    "WeChat, first of its push by default": (LONG.replace("&idx=1", ""), LONG_KEY),
    "WeChat, slash after s": (LONG.replace("/s?", "/s/?"), LONG_KEY),
    "WeChat, short": ("https://mp.weixin.qq.com/s/aB3_dE-6hIjKlMnOpQrStU", "wechat:aB3_dE-6hIjKlMnOpQrStU"),
    "WeChat, short with noise": (
        "http://mp.weixin.qq.com/s/aB3_dE-6hIjKlMnOpQrStU?scene=1&token=2#rd",
        "wechat:aB3_dE-6hIjKlMnOpQrStU",
    ),
    "docsify route": ("https://m.books.example/#/gzh/九边", "docsify:books.example/gzh/%E4%B9%9D%E8%BE%B9.md"),
    "docsify file": ("https://books.example/gzh/九边.md", "docsify:books.example/gzh/%E4%B9%9D%E8%BE%B9.md"),
    "docsify file, escaped": (
        "https://books.example/gzh/%e4%b9%9d%e8%be%b9%2Emd",
        "docsify:books.example/gzh/%E4%B9%9D%E8%BE%B9.md",
    ),
    "http and https": ("http://news.example.com/a", "url:news.example.com/a"),
    "www": ("https://www.example.com/a", "url:example.com/a"),
    "mobile": ("https://m.example.com/a", "url:example.com/a"),
    "doubled and trailing slashes": ("https://example.com//a//b/", "url:example.com/a/b"),
    "query": ("https://example.com/a/?id=7&utm_medium=feed", "url:example.com/a?id=7"),
    "another port": ("https://example.com:8443/a", "url:example.com:8443/a"),
    "a site of one letter": ("https://m.github.io/a", "url:m.github.io/a"),
    "www of an unknown suffix": ("https://www.press.example/a", "url:press.example/a"),
    "www of a plain word": ("https://www.localhost/a", "url:www.localhost/a"),
    "an ordinary fragment": ("https://example.com/a#top", "url:example.com/a"),
}

NO_WECHAT_ARTICLE = {
    "temporary, by a search": "https://mp.weixin.qq.com/s?src=11&timestamp=1700000000&ver=5&signature=abc*def&new=1",
    "album": f"https://mp.weixin.qq.com/mp/appmsgalbum?__biz={BIZ}==&action=getalbum&album_id=1",
    "account": f"https://mp.weixin.qq.com/mp/homepage?__biz={BIZ}==&hid=1",
    "comments of an article": f"https://mp.weixin.qq.com/mp/appmsg_comment?__biz={BIZ}==&appmsgid=1&idx=1",
    "without its number": f"https://mp.weixin.qq.com/s?__biz={BIZ}==&idx=1",
    "another host": LONG.replace("mp.weixin.qq.com", "mp.weixin.qq.com.example"),
}

DOCSIFY = {
    "route": ("https://h.example/#/a/b", "https://h.example/a/b.md"),
    "route to a folder": ("https://h.example/#/a/", "https://h.example/a/README.md"),
    "start page": ("https://h.example/#/", "https://h.example/README.md"),
    "route with a heading": ("https://h.example/#/a/b?id=part-2", "https://h.example/a/b.md"),
    "route below a folder": ("https://h.example/docs/#/a", "https://h.example/docs/a.md"),
    "route below a page": ("https://h.example/docs/index.html#/a", "https://h.example/docs/a.md"),
    "route that climbs": ("https://h.example/#/a/../b", "https://h.example/b.md"),
    "Han": ("https://h.example/#/九", "https://h.example/%E4%B9%9D.md"),
    "a plain address": ("https://h.example/a/b", "https://h.example/a/b.md"),
    "a file": ("https://h.example/a/b.md", "https://h.example/a/b.md"),
}

HOSTS = {
    "registrable domain": ("https://news.tech.example.com/x", "example.com"),
    "two-part suffix": ("https://www.news.com.cn/x", "news.com.cn"),
    "private suffix": ("https://books.netlify.app/x", "books.netlify.app"),
    "the private suffix itself": ("https://github.io/x", "github.io"),
    "another site of the same hoster": ("https://other.github.io/x", "other.github.io"),
    "IDN": ("https://新闻.例子.中国/x", "xn--fsqu00a.xn--fiqs8s"),
    "unknown suffix": ("https://news.press.example/x", "press.example"),
    "localhost": ("http://localhost:8000/x", "localhost"),
    "IPv4 with its port": ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
    "IPv4 with the scheme's port": ("https://192.0.2.1/x", "192.0.2.1:443"),
    "IPv6 with its port": ("http://[0:0::1]:8000/x", "[::1]:8000"),
}

ORIGINS = {
    "plain": ("HTTPS://News.Example.com/x?y#z", "https://news.example.com"),
    "sub-domain and scheme count": ("http://m.example.com/x", "http://m.example.com"),
    "another port": ("http://a.example:8080/x", "http://a.example:8080"),
    "IPv6": ("http://[::1]:80/", "http://[::1]"),
}


def table(cases):
    """Parametrize over a dictionary of name → case."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), id=name) for name, case in cases.items()]


@pytest.mark.parametrize(("url", "expected"), table(CANONICAL))
def test_an_address_has_one_canonical_spelling(url, expected):
    assert canonical_url(url) == expected


@pytest.mark.parametrize(("url", "reason"), table(REFUSED))
def test_what_will_not_be_fetched_is_refused_with_its_reason(url, reason):
    with pytest.raises(UrlError, match=reason):
        check_fetchable(url)


@pytest.mark.parametrize(("url", "expected"), table(KEYS))
def test_an_article_has_one_key(url, expected):
    assert article_key(url) == expected


@pytest.mark.parametrize(
    ("path", "sent", "read_as"),
    [
        ("/a/b?q=/../c#/../d", "/a/b?q=/../c#/../d", None),
        ("/a/%2E./b/.", "/b/", None),
        ("/./a/.%2e/%2e/b", "/b", None),
        ("/../..", "/", None),
        ("/a/...;/..b/.c/%2e%2ed", "/a/...;/..b/.c/%2e%2ed", None),
        ("//a//..//b", "//a//b", "/a/b"),
        ("/a/..%2fb", "/a/..%2fb", "/b"),
        ("/a%2F%2fb", "/a%2F%2fb", "/a/b"),
    ],
    ids=str,
)
def test_what_is_sent_has_no_dot_segments_and_else_stays_as_it_is(path, sent, read_as):
    home = "https://a.example"
    assert as_sent(home + path) == home + sent
    expected = (home + sent, home + read_as) if read_as else (home + sent,)
    assert server_spellings(home + path) == expected


@pytest.mark.parametrize("url", table(NO_WECHAT_ARTICLE))
def test_other_pages_have_no_wechat_key(url):
    assert article_key(url).startswith("url:")


@pytest.mark.parametrize(("url", "expected"), table(DOCSIFY))
def test_a_docsify_address_shows_a_markdown_file(url, expected):
    assert docsify_file_url(url) == expected


@pytest.mark.parametrize(("url", "expected"), table(HOSTS))
def test_pace_goes_by_registrable_domain_or_address_and_port(url, expected):
    assert host_of(url) == expected


@pytest.mark.parametrize(("url", "expected"), table(ORIGINS))
def test_robots_rules_go_by_origin(url, expected):
    assert origin_of(url) == expected


def test_gbk_queries_that_differ_stay_apart():
    assert article_key("https://a.example/x?k=%D6%D0") != article_key("https://a.example/x?k=%B9%FA")


def test_an_escaped_slash_and_a_slash_stay_apart():
    assert article_key("https://a.example/a%2Fb") != article_key("https://a.example/a/b")


def test_a_password_is_not_repeated_by_the_error():
    with pytest.raises(UrlError) as caught:
        check_fetchable("https://user:geheim@a.example/")
    assert "geheim" not in str(caught.value)


def test_an_error_survives_the_way_between_processes():
    with pytest.raises(UrlError) as caught:
        check_fetchable("ftp://a.example/")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.why) == (str(caught.value), caught.value.why)


patient = settings(deadline=None)  # the first call reads the suffix list

hosts = st.sampled_from(
    ["a.example", "WWW.Example.com", "m.example.com", "例子.测试", "127.0.0.1", "[::1]", "a.example."]
)
ports = st.sampled_from(["", ":80", ":443", ":8080"])
# Everything that means something in a URL, and some that mean nothing.
PIECES = (
    r"/ // . .. a B 九 % %41 %2f %2E %D6 %e4%b9%9d + & &amp; amp; = ? md .md utm_source from s __biz mid ' ~ \ \x26"
)
pieces = st.sampled_from([*PIECES.split(), "😀", ";", ":", "@", "|"])
paths = st.lists(pieces, max_size=8).map("".join)
urls = st.builds(
    lambda scheme, host, port, path: f"{scheme}://{host}{port}/{path}",
    st.sampled_from(["http", "https", "HTTP"]),
    hosts,
    ports,
    paths,
)
anything = st.builds(lambda url, text: url + text, urls, st.text(max_size=6))
fetchable = anything.filter(lambda url: "#" not in url and not any(c.isspace() or not c.isprintable() for c in url))


def canonical_or_none(url):
    try:
        return canonical_url(url)
    except UrlError:
        return None


@patient
@given(st.one_of(st.text(), anything))
def test_canonical_is_idempotent_and_fails_only_as_url_error(url):
    canonical = canonical_or_none(url)
    assert canonical is None or (canonical_url(canonical) == canonical and canonical.isascii())


@patient
@given(fetchable)
def test_the_transport_resolves_nothing_more_in_what_is_sent_and_it_is_the_same_article(url):
    try:
        sent = as_sent(url)
    except UrlError:
        return
    assert (as_sent(sent), canonical_url(sent)) == (sent, canonical_url(url))
    assert yarl.URL(sent).raw_path.count("/") == (urlsplit(sent).path or "/").count("/")


@patient
@given(fetchable)
def test_the_key_of_the_canonical_address_is_the_key(url):
    assert article_key(canonical_url(url)) == article_key(url)


@patient
@given(fetchable, st.sampled_from(["utm_source=rss", "spm=a2c.1", "from=timeline", "fbclid=1", "UTM_Campaign=x"]))
def test_tracking_parameters_never_change_the_key(url, tracking):
    joint = "&" if "?" in url else "?"
    assert article_key(f"{url}{joint}{tracking}") == article_key(url)


numbers = st.integers(min_value=1, max_value=2**40)
accounts = st.binary(min_size=6, max_size=12).map(lambda raw: b64encode(raw).decode())
signs = st.text("0123456789abcdef", min_size=32, max_size=32)
wechat_ids = st.tuples(accounts, numbers, st.integers(1, 8), signs)


def wechat_url(identity, *, quoted, old):
    biz, mid, idx, sign = identity
    biz = quote(biz, safe="") if quoted else biz
    names = ("appmsgid", "itemidx", "sign") if old else ("mid", "idx", "sn")
    path = "mp/appmsg/show" if old else "s"
    return f"http://mp.weixin.qq.com/{path}?__biz={biz}&{names[0]}={mid}&{names[1]}={idx}&{names[2]}={sign}&scene=21#rd"


@patient
@given(wechat_ids, wechat_ids, st.booleans(), st.booleans())
def test_wechat_articles_share_a_key_only_when_they_are_one(one, other, quoted, old):
    first = article_key(wechat_url(one, quoted=False, old=False))
    second = article_key(wechat_url(other, quoted=quoted, old=old))
    assert first == article_key(wechat_url(one, quoted=quoted, old=old))
    assert (first == second) == (one == other)


@patient
@given(wechat_ids, st.sampled_from(range(4)), st.data())
def test_each_part_of_a_wechat_identity_counts(identity, position, data):
    other = list(identity)
    other[position] = data.draw(wechat_ids.filter(lambda drawn: drawn[position] != identity[position]))[position]
    keys = {article_key(wechat_url(each, quoted=False, old=False)) for each in (identity, other)}
    assert len(keys) == 2
