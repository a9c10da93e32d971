"""Articles of sites whose addresses are known: every spelling one key, every other page none of theirs."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.urls import article_key, canonical_url

WECHAT = "https://mp.weixin.qq.com/s?__biz=MzU5OTk5OTk5OQ==&mid=2247500001&idx=2&sn=0123456789abcdef0123456789abcdef"
WECHAT_KEY = "wechat:MzU5OTk5OTk5OQ:2247500001:2:0123456789abcdef0123456789abcdef"
OLD_WECHAT = (
    "http://mp.weixin.qq.com/mp/appmsg/show?__biz=MzU5OTk5OTk5OQ==&appmsgid=2247500001&itemidx=2"
    "&sign=0123456789abcdef0123456789abcdef"
)
CAPTCHA = "https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=HxYz&target_url="
TEMPORARY = "https://mp.weixin.qq.com/s?src=11&timestamp=1700000000&ver=5&signature=abc*def&new=1"

ONE_KEY = {
    "qq:20250213A096Z2": [
        "https://news.qq.com/rain/a/20250213A096Z200",
        "https://new.qq.com/rain/a/20250213A096Z200",
        "http://new.qq.com/rain/a/20250213A096Z2",
        "https://news.qq.com/rain/a/20250213A096Z200?adChannelId=tech",
        "https://news.qq.com/rain/a/20250213A096Z200/?pgv_ref=aio2015&suid=8QMd#top",
        "https://view.inews.qq.com/a/20250213A096Z200",
        "https://view.inews.qq.com/a/20250213A096Z2?uid=1&shareto=wx",
        "https://new.qq.com/omn/20250213/20250213A096Z200.html",
        "https://new.qq.com/omn/20250213/20250213A096Z200",
        "https://new.qq.com/omn/20250213/20250213A096Z2.html?pc",
        "https://news.qq.com/omn/20250213/20250213A096Z200.html",
    ],
    "qq:20250213V0QXYZ": [
        "https://news.qq.com/rain/a/20250213V0QXYZ00",
        "https://view.inews.qq.com/a/20250213V0QXYZ",
    ],
    "qq:k/20250213V0QXYZ00": ["https://view.inews.qq.com/k/20250213V0QXYZ00?openwx=1"],
    "qq:finance/20190923000843": [
        "http://finance.qq.com/a/20190923/000843.htm",
        "https://finance.qq.com/a/20190923/000843.htm?pgv_ref=aio#p=2",
        "https://xw.qq.com/c/finance/20190923000843",
        "http://xw.qq.com/c/finance/20190923000843?ivk_sa=1",
    ],
    "qq:tech/20190923000843": [
        "https://tech.qq.com/a/20190923/000843.htm",
        "https://xw.qq.com/c/tech/20190923000843",
    ],
    "iyiou:news/1089671": [
        "https://www.iyiou.com/news/202502071089671",
        "http://iyiou.com/news/202502071089671",
        "https://m.iyiou.com/news/202502071089671/",
        "https://www.iyiou.com/news/197001211089671?from=timeline&x=1",
    ],
    "iyiou:briefing/1508485": [
        "https://www.iyiou.com/briefing/197001211508485",
        "https://www.iyiou.com/briefing/202101211508485",
    ],
    "iyiou:p/123456": ["https://www.iyiou.com/p/123456", "http://m.iyiou.com/p/123456.html?utm_source=rss"],
    "discuz:it.example/4711": [
        "http://www.it.example/portal.php?mod=view&aid=4711",
        "https://it.example/portal.php?aid=4711&mod=view",
        "https://it.example/portal.php?mod=view&aid=4711&page=1",
        "https://it.example/portal.php?mod=view&amp;aid=4711&amp;page=3",
        "https://m.it.example/portal.php?mod=view&aid=4711&mobile=2",
        "https://it.example/portal.php?mod=view&aid=4711&mobile=yes&page=2",
        "https://it.example/portal.php?mod=view&aid=4711&from=portal&extra=",
        "http://it.example/article-4711-1.html",
        "http://it.example/article-4711-3.html?mobile=no",
    ],
    "discuz:it.example/bbs/4711": [
        "https://it.example/bbs/portal.php?mod=view&aid=4711",
        "https://it.example/bbs//article-4711-2.html",
    ],
    "discuz:it.example:8080/4711": [
        "http://it.example:8080/portal.php?mod=view&aid=04711",
        "http://it.example:8080/article-4711-1.html",
    ],
    WECHAT_KEY: [
        WECHAT,
        WECHAT.replace("https", "http") + "&chksm=fab2&scene=27&subscene=1&clicktime=2&exportkey=x&pass_ticket=y#rd",
        WECHAT.replace("&", "&amp;") + "#wechat_redirect",
        WECHAT.replace("&", r"\x26amp;"),
        OLD_WECHAT,
        OLD_WECHAT.replace("/mp/appmsg/show", "/s"),
        CAPTCHA + quote(WECHAT, safe=""),
        CAPTCHA + quote(quote(WECHAT, safe=""), safe="") + "&from=singlemessage",
    ],
    "wechat:aB3_dE-6hIjKlMnOpQrStU": [
        "https://mp.weixin.qq.com/s/aB3_dE-6hIjKlMnOpQrStU",
        "http://mp.weixin.qq.com/s/aB3_dE-6hIjKlMnOpQrStU?scene=334&poc_token=x&mpshare=1#rd",
        CAPTCHA + quote("https://mp.weixin.qq.com/s/aB3_dE-6hIjKlMnOpQrStU", safe=""),
    ],
    article_key(TEMPORARY): [TEMPORARY, CAPTCHA + quote(TEMPORARY, safe="")],
}

NONE_OF_THEIRS = {
    "a page of words": "https://new.qq.com/omn/tech/author",
    "an author": "https://new.qq.com/omn/author/5107513",
    "an author, elsewhere": "https://news.qq.com/omn/author/8QMd3Hpf6YYfuT%2Fe",
    "a channel": "https://news.qq.com/ch/tech",
    "an id that is too short": "https://news.qq.com/rain/a/20250213A09",
    "an id of digits alone": "https://news.qq.com/rain/a/20250213209612",
    "the charity page of deleted articles": "https://www.qq.com/babygohome/?pgv_ref=404",
    "another site's rain": "https://news.qq.com.example/rain/a/20250213A096Z200",
    "a list": "https://www.iyiou.com/news",
    "a tag": "https://www.iyiou.com/tag/1089671",
    "a counter that is too short": "https://www.iyiou.com/news/20250207108967",
    "another site's news": "https://www.iyiou.com.example/news/202502071089671",
    "a list of a portal": "https://it.example/portal.php?mod=list&catid=4711",
    "a list with an article's number": "https://it.example/portal.php?mod=list&aid=4711",
    "comments": "https://it.example/portal.php?mod=comment&id=4711&idtype=aid",
    "a number that is none": "https://it.example/portal.php?mod=view&aid=x1",
    "no number": "https://it.example/portal.php?mod=view",
    "a thread": "https://it.example/thread-4711-1-1.html",
    "without a page": "https://it.example/article-4711.html",
    "an article of a category": "https://it.example/article-5-8123.html",
    "an early article of a category": "https://it.example/article-12-7.html",
    "an article of a large category": "https://it.example/article-120-8123.html",
    "an article of a year": "https://it.example/article-2025-7.html",
    "a page after the fiftieth": "https://it.example/article-4711-51.html",
    "another script": "https://it.example/myportal.php?mod=view&aid=4711",
    "temporary, by a search": TEMPORARY,
    "a captcha before nothing": CAPTCHA,
    "a captcha before nonsense": CAPTCHA + "https%3A%2F%2F",
    "a captcha before a script": CAPTCHA + "javascript%3Aalert(1)",
}


def every_spelling():
    return [pytest.param(url, key, id=url[:100]) for key, spellings in ONE_KEY.items() for url in spellings]


@pytest.mark.parametrize(("url", "key"), every_spelling())
def test_all_spellings_of_an_article_have_its_key(url, key):
    assert article_key(url) == key
    assert article_key(canonical_url(url)) == key


@pytest.mark.parametrize("url", [pytest.param(url, id=name) for name, url in NONE_OF_THEIRS.items()])
def test_other_pages_go_by_their_address(url):
    assert article_key(url).startswith("url:")
    assert article_key(canonical_url(url)) == article_key(url)


patient = settings(deadline=None)  # the first call reads the suffix list

letters = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=5)
days = st.integers(0, 4000).map(lambda day: f"20{day // 336:02d}{day // 28 % 12 + 1:02d}{day % 28 + 1:02d}")
noise = st.sampled_from(["", "?", "?adChannelId=tech", "?pgv_ref=404&x=1", "#a", "?a=1#b"])
qq_ids = st.builds(lambda day, kind, rest: f"{day}{kind}{rest}", days, st.sampled_from("AVQ"), letters)
counters = st.integers(0, 9_999_999).map(lambda number: f"{number:07d}")
numbers = st.integers(1, 10**9)
portal_numbers = st.integers(51, 10**9 - 1).filter(lambda number: not 1990 <= number <= 2100)

SPELLINGS = {
    "qq": (
        qq_ids,
        lambda identity: [
            form.format(identity + tail, day=identity[:8])
            for tail in ("", "00")
            for form in (
                "https://news.qq.com/rain/a/{}",
                "http://new.qq.com/rain/a/{}",
                "https://view.inews.qq.com/a/{}",
                "https://new.qq.com/omn/{day}/{}.html",
                "https://new.qq.com/omn/{day}/{}",
            )
        ],
    ),
    "a portal of old": (
        st.tuples(st.sampled_from(["finance", "tech", "news", "ent"]), days, st.integers(0, 999_999)),
        lambda identity: [
            "http://{}.qq.com/a/{}/{:06d}.htm".format(*identity),
            "https://xw.qq.com/c/{}/{}{:06d}".format(*identity),
        ],
    ),
    "iyiou": (
        st.tuples(st.sampled_from(["news", "briefing"]), counters),
        lambda identity: [
            f"{scheme}://{host}/{identity[0]}/{day}{identity[1]}"
            for scheme in ("http", "https")
            for host in ("www.iyiou.com", "m.iyiou.com", "iyiou.com")
            for day in ("19700121", "20250207")
        ],
    ),
    "iyiou of old": (
        numbers,
        lambda identity: [f"https://www.iyiou.com/p/{identity}", f"http://www.iyiou.com/p/{identity}.html"],
    ),
    "discuz": (
        st.tuples(st.sampled_from(["a.example", "b.example", "a.example/bbs"]), portal_numbers),
        lambda identity: [
            form.format(*identity)
            for form in (
                "http://{}/portal.php?mod=view&aid={}",
                "https://www.{}/portal.php?mod=view&aid={}&page=7",
                "http://{}/portal.php?extra=&from=portal&aid={}&mobile=no&mod=view",
                "http://{}/article-{}-1.html",
                "https://{}/article-{}-12.html",
            )
        ],
    ),
}


@pytest.mark.parametrize("site", SPELLINGS)
@patient
@given(data=st.data())
def test_articles_share_a_key_only_when_they_are_one(site, data):
    identities, spell = SPELLINGS[site]
    one, other = data.draw(identities), data.draw(identities)
    first, second = (
        {article_key(url + data.draw(noise) * ("?" not in url)) for url in spell(each)} for each in (one, other)
    )
    assert (len(first), len(second)) == (1, 1)
    assert (first == second) == (one == other)


@pytest.mark.parametrize("site", SPELLINGS)
@patient
@given(data=st.data())
def test_the_key_of_the_canonical_address_is_the_key(site, data):
    identities, spell = SPELLINGS[site]
    for url in spell(data.draw(identities)):
        assert canonical_url(canonical_url(url)) == canonical_url(url)
        assert article_key(canonical_url(url)) == article_key(url)


@patient
@given(
    st.sampled_from(["https://a.example", "https://www.b.example/news"]),
    st.integers(1, 50) | st.integers(1990, 2100),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_articles_of_a_category_or_a_year_are_not_pages_of_one(folder, first, one, other):
    keys = {article_key(f"{folder}/article-{first}-{number}.html") for number in (one, other)}
    assert len(keys) == (1 if one == other else 2)


@pytest.mark.parametrize("number", ["7", "50", "2025", "4711"])
def test_a_first_page_is_the_article_of_its_dynamic_address(number):
    dynamic = article_key(f"http://it.example/portal.php?mod=view&aid={number}")
    assert article_key(f"https://it.example/article-{number}-1.html") == dynamic == f"discuz:it.example/{number}"


@patient
@given(st.integers(0, 10**9), st.integers(51, 10**9), st.integers(51, 10**9))
def test_numbers_above_the_most_pages_are_no_pages(first, one, other):
    keys = {article_key(f"https://a.example/article-{first}-{number}.html") for number in (one, other)}
    assert len(keys) == (1 if one == other else 2)
