"""The lists of the sites that are known, read by what is known of them, in every markup they have had."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crawler.config.models import Kind, Pages, Reader, Source
from crawler.config.sites import expanded
from crawler.items import Answer, NoRowsError, PollFaultError
from crawler.json_lists import parse_json_list
from crawler.listings import parse_listing

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)


def of_site(kind, url, body):
    """What an endpoint of a site announces, wanted or not."""
    source = expanded(Source(name="x", kind=kind, endpoints=({"url": url},)))
    [endpoint] = source.endpoints
    body = body if isinstance(body, bytes) else body.encode()
    answer = Answer(url=url.partition("#")[0], body=body, at=AT, zone=ZONE)
    parse = parse_json_list if endpoint.kind is Reader.JSON else parse_listing
    return parse(answer, endpoint.entries, endpoint.pages or Pages())


def urls(read):
    return [entry.url for entry in read.entries]


def titles(read):
    return [entry.title for entry in read.entries]


IYIOU_2021 = """<div class="list-container">
<div class="eo-article-column"><div class="eo-hover-child"><a href="/news/202502141089901"><img src="x"></a>
<div class="content"><a href="/news/202502141089901"><div class="title">车企联手做芯片</div></a>
<div class="eo-post-date">3 小时前</div></div></div></div>
<div class="eo-article-column"><div class="eo-hover-child"><a href="/news/202502131089871"><img></a>
<div class="content"><a href="/news/202502131089871"><div class="title">药企裁员</div></a>
<div class="eo-post-date">2025-02-13</div></div></div></div></div>"""
IYIOU_2022 = """<div class="info-wrap"><ul><li><a href="https://www.iyiou.com/news/202205101030001">工厂里的算法</a></li>
<li><a href="https://www.iyiou.com/news/197001211030002">纪元之初</a></li></ul></div>"""
IYIOU_BRIEFS = (
    """<div class="brief-item"><ul><li><a href="/briefing/197001211508485">一家公司完成融资</a></li></ul></div>"""
)
IYIOU_2019 = """<div class="swiper-wrapper"><a href="https://www.iyiou.com/p/99001"><img alt="轮播"></a></div>
<ul class="newestArticleList"><li class="thinkTankTag"><a href="/p/99002.html"><h2>餐饮的账</h2></a>
<div class="time">5分钟前</div></li>
<li class="thinkTankTag"><a href="/p/99003"><h2>城市的脑</h2></a><div class="time">2019-11-02</div></li></ul>
<a class="next" href="/AI/page/2.html">下一页</a>"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            IYIOU_2021,
            [
                ("https://www.iyiou.com/news/202502141089901", "车企联手做芯片", datetime(2025, 2, 14, 7, tzinfo=UTC)),
                ("https://www.iyiou.com/news/202502131089871", "药企裁员", datetime(2025, 2, 13, tzinfo=ZONE)),
            ],
        ),
        (
            IYIOU_2022,
            [
                ("https://www.iyiou.com/news/202205101030001", "工厂里的算法", None),
                ("https://www.iyiou.com/news/197001211030002", "纪元之初", None),
            ],
        ),
        (IYIOU_BRIEFS, [("https://www.iyiou.com/briefing/197001211508485", "一家公司完成融资", None)]),
        (
            IYIOU_2019,
            [
                ("https://www.iyiou.com/p/99001", "轮播", None),
                ("https://www.iyiou.com/p/99002.html", "餐饮的账", datetime(2025, 2, 14, 9, 55, tzinfo=UTC)),
                ("https://www.iyiou.com/p/99003", "城市的脑", datetime(2019, 11, 2, tzinfo=ZONE)),
            ],
        ),
        (
            '<div class="new"><a href="/news/202602141099901" title="新的样子"><img></a></div>',
            [("https://www.iyiou.com/news/202602141099901", "新的样子", None)],
        ),
    ],
    ids=["2021", "2022", "briefs", "until 2020", "a markup nobody knows yet"],
)
def test_iyiou_in_each_of_its_markups(page, expected):
    found = of_site(Kind.IYIOU, "https://www.iyiou.com/news", page)
    shown = [(entry.url, entry.title, entry.published and entry.published.at) for entry in found.entries]
    assert shown == expected
    assert found.unread == 0


def test_the_old_channels_of_iyiou_have_a_next_page():
    found = of_site(Kind.IYIOU, "https://www.iyiou.com/AI/", IYIOU_2019)
    assert found.next_url == "https://www.iyiou.com/AI/page/2.html"


def test_iyious_wall_is_told():
    wall = "<html><title>405</title>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</html>"
    with pytest.raises(PollFaultError, match="您的访问被阻断"):
        of_site(Kind.IYIOU, "https://www.iyiou.com/news", wall)


DISCUZ_ROW = """<dl class="bbda cl"><dt class="xs2"><a href="{link}" target="_blank" class="xi2"{style}>{title}</a></dt>
<dd class="xs2 cl"><div class="atc"><a href="{link}"><img class="tn" src="data/1.jpg"></a>{summary}</div></dd>
<dd><label>分类: <a href="portal.php?mod=list&amp;catid=2" class="xi2">科技</a></label>
<span class="xg1"> {date}</span></dd></dl>"""
DISCUZ = """<html><head><meta charset="gbk"><base href="http://bbs.example/" /></head><body id="nv_portal">
<div id="ct" class="ct2 wp cl"><div class="mn"><div class="bm"><div class="bm_h cl">
<a class="rss" href="portal.php?mod=rss">订阅</a><h1 class="xs2">科技信息</h1></div>
<div class="bm_c xld">{rows}</div></div>
<div class="pgs cl"><div class="pg"><strong>1</strong><a href="portal.php?mod=list&amp;catid=2&amp;page=2">2</a>
<a href="portal.php?mod=list&amp;catid=2&amp;page=2" class="nxt">下一页</a></div></div></div></div></body></html>"""
DISCUZ_ROWS = [
    ("article-71-1.html", ' style="font-weight: bold;color: #EE1B2E"', "本日的芯片", "二〇二五年的账", "2025-2-5 9:05"),
    (
        "portal.php?mod=view&amp;aid=70",
        "",
        "大模子的上风",
        "一句话",
        '<span title="2025-2-13 10:05">昨天 10:05</span>',
    ),
    ("article-71-1.html", "", "本日的芯片", "", "2025-2-5 9:05"),
]


def discuz_page(rows=DISCUZ_ROWS):
    names = ("link", "style", "title", "summary", "date")
    return DISCUZ.format(rows="".join(DISCUZ_ROW.format(**dict(zip(names, row, strict=True))) for row in rows))


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("path", ["portal.php?mod=list&catid=2", "list/2/index.html"])
def test_a_discuz_list(encoding, path):
    page = discuz_page().replace('charset="gbk"', f'charset="{encoding}"').encode(encoding)
    found = of_site(Kind.DISCUZ, f"http://bbs.example/{path}", page)
    assert [(entry.url, entry.title, entry.summary) for entry in found.entries] == [
        ("http://bbs.example/article-71-1.html", "本日的芯片", "二〇二五年的账"),
        ("http://bbs.example/portal.php?mod=view&aid=70", "大模子的上风", "一句话"),
    ]
    assert [(entry.published.at, entry.published.text) for entry in found.entries] == [
        (datetime(2025, 2, 5, 9, 5, tzinfo=ZONE), "2025-2-5 9:05"),
        (datetime(2025, 2, 13, 10, 5, tzinfo=ZONE), "2025-2-13 10:05"),
    ]
    assert found.next_url == "http://bbs.example/portal.php?mod=list&catid=2&page=2"


def test_a_gbk_list_that_declares_nothing_is_read():
    page = discuz_page().replace('<meta charset="gbk">', "").encode("gbk")
    assert titles(of_site(Kind.DISCUZ, "http://bbs.example/portal.php", page)) == ["本日的芯片", "大模子的上风"]


def test_the_threads_of_a_forum():
    row = """<tbody id="{id}"><tr><td class="icn"><a href="thread-{n}-1-1.html"><img></a></td>
    <th><em>[<a href="forum.php?mod=forumdisplay&fid=2&typeid=1">讨论</a>]</em>
    <a href="thread-{n}-1-1.html" class="s xst">{title}</a></th>
    <td class="by"><cite><a href="space-uid-1.html">林晓</a></cite><em><span>2025-2-{n}</span></em></td></tr></tbody>"""
    page = row.format(id="stickthread_9", n=9, title="版规") + row.format(id="normalthread_8", n=8, title="芯片怎么看")
    found = of_site(Kind.DISCUZ, "https://bbs.example/forum-2-1.html", f"<table>{page}</table>")
    assert urls(found) == ["https://bbs.example/thread-9-1-1.html", "https://bbs.example/thread-8-1-1.html"]
    assert (titles(found), found.entries[1].authors) == (["版规", "芯片怎么看"], ("林晓",))
    assert found.entries[1].published.at == datetime(2025, 2, 8, tzinfo=ZONE)


def test_a_discuz_theme_of_its_own():
    page = '<div><a href="article-5-1.html"><img></a><h3><a href="article-5-1.html" title="全名">名…</a></h3></div>'
    found = of_site(Kind.DISCUZ, "https://bbs.example/", page)
    assert (urls(found), titles(found)) == (["https://bbs.example/article-5-1.html"], ["名…"])


def test_discuzs_alert_is_no_list():
    box = '<div id="messagetext" class="alert_error"><p>抱歉，您尚未正确指定要查看的分类</p></div>'
    page = f"<title>提示信息 - 论坛</title>{box}"
    with pytest.raises(NoRowsError, match="提示信息 - 论坛"):
        of_site(Kind.DISCUZ, "https://bbs.example/portal.php?mod=list&catid=99", page)


def test_a_channel_page_of_qq():
    page = """<div id="root"><a href="https://news.qq.com/rain/a/20250213A0000100"><img></a>
    <a href="https://news.qq.com/rain/a/20250213A0000100">芯片涨价</a><a href="https://news.qq.com/ch/ent">娱乐</a>
    <a href="//new.qq.com/omn/20190907/20190907A081B000.html">旧文</a></div>"""
    found = of_site(Kind.QQ, "https://news.qq.com/ch/tech", page)
    assert urls(found) == [
        "https://news.qq.com/rain/a/20250213A0000100",
        "https://new.qq.com/omn/20190907/20190907A081B000.html",
    ]
    assert titles(found) == ["芯片涨价", "旧文"]


# qq's JSON.

PC_LIST = "https://i.news.qq.com/web_feed/getPCList#tech"


def qq_row(id_, title="芯片涨价", **more):
    return {
        "id": id_,
        "title": title,
        "articletype": "0",
        "publish_time": "2025-02-13 10:00:00",
        "desc": "一句<b>话</b>",
        "media_info": {"chl_name": "晨风科技"},
        "pic_info": {"big_img": [], "small_img": ["https://inews.gtimg.com/x/0"]},
        "link_info": {"url": f"https://news.qq.com/rain/a/{id_}"},
        **more,
    }


def pc_list(*rows, **more):
    return of_site(Kind.QQ, PC_LIST, json.dumps({"code": 0, "data": rows, **more}))


def test_a_row_of_qqs_channel_feed():
    [entry] = pc_list(qq_row("20250213A0000100")).entries
    assert (entry.url, entry.title) == ("https://news.qq.com/rain/a/20250213A0000100", "芯片涨价")
    assert (entry.summary, entry.authors) == ("一句话", ("晨风科技",))
    assert (entry.published.at, entry.published.zone) == (datetime(2025, 2, 13, 10, tzinfo=ZONE), "Asia/Shanghai")


def test_a_card_holds_further_rows_and_is_one_where_it_has_an_id():
    inner = [qq_row("20250213A0000200", "", short_title="短题", link_info=None), qq_row("20250213A0000300")]
    card = qq_row("", "热点精选", articletype="525", link_info={"url": ""}, sub_item=inner)
    daily = qq_row("20240124A062NM00", "早报", articletype="525", link_info={}, sub_item=[])
    read = pc_list(card, daily, qq_row("20250213A0000400"))
    assert [url.rpartition("/")[2] for url in urls(read)] == [
        "20250213A0000200", "20250213A0000300", "20240124A062NM00", "20250213A0000400",
    ]  # fmt: skip
    assert titles(read)[:3] == ["短题", "芯片涨价", "早报"]
    assert read.unread == 0


def test_rows_of_qq_that_lack_things():
    bare = {"id": "20250213A0000500"}
    no_pictures = {key: value for key, value in qq_row("20250213A0000600").items() if key != "pic_info"}
    read = pc_list(bare, no_pictures, no_pictures)
    assert titles(read) == ["", "芯片涨价", "芯片涨价"]
    assert read.entries[0].published is None


def test_the_page_behind_qqs_last_is_empty():
    assert pc_list().entries == ()


@pytest.mark.parametrize(
    ("url", "body", "says"),
    [
        (PC_LIST, {"code": 99998, "desc": "系统繁忙"}, "系统繁忙"),
        (PC_LIST, {"code": 10001, "message": "系统繁忙"}, "系统繁忙"),
        (PC_LIST, {"code": 0, "list": []}, "gives nothing; its keys are code, list"),
        ("https://r.inews.qq.com/gw/event/hot_ranking_list", {"ret": 404, "msg": "参数错误"}, "参数错误"),
        ("https://i.news.qq.com/getSubNewsMixedList?guestSuid=x", {"ret": 404, "msg": "参数错误"}, "参数错误"),
        ("https://i.news.qq.com/web_backend/v2/getTagInfo?tagId=x", {"code": 99998, "desc": "系统繁忙"}, "系统繁忙"),
    ],
)
def test_an_error_of_qq_comes_with_status_200(url, body, says):
    with pytest.raises(PollFaultError, match=says):
        of_site(Kind.QQ, url, json.dumps(body))


@pytest.mark.parametrize(
    "url",
    [
        "https://r.inews.qq.com/gw/event/hot_ranking_list?page_size=50",
        "https://i.news.qq.com/gw/event/pc_hot_ranking_list?rank_id=ent&page_size=51",
    ],
)
def test_row_0_of_the_hot_list_is_a_notice(url):
    notice = {"id": "TIP2025021300", "title": "热榜说明", "articletype": "560", "url": "https://view.inews.qq.com/t/1"}
    hot = {
        "id": "20250213A0000700", "title": "工厂停工", "abstract": "", "nlpAbstract": "说了为何", "articletype": "0",
        "url": "https://view.inews.qq.com/a/20250213A0000700", "source": "", "chlname": "晨风科技",
        "timestamp": 1739440800, "time": "2025-02-13 18:00:00",
    }  # fmt: skip
    bare = {"id": "20250213A0000800", "title": "港口恢复", "articletype": 0, "time": "2025-02-13 18:00:00"}
    read = of_site(Kind.QQ, url, json.dumps({"ret": 0, "idlist": [{"newslist": [notice, hot, bare]}]}))
    assert urls(read) == [
        "https://view.inews.qq.com/a/20250213A0000700",
        "https://news.qq.com/rain/a/20250213A0000800",
    ]
    assert (read.entries[0].summary, read.entries[0].authors) == ("说了为何", ("晨风科技",))
    assert {entry.published.at for entry in read.entries} == {datetime(2025, 2, 13, 10, tzinfo=UTC)}


def test_videos_and_what_is_no_article_are_left_out_of_an_authors_list():
    kinds = ["0", "4", "118", "123", "", 4, "1", None]
    rows = [
        {"title": f"篇{n}", "url": f"https://view.inews.qq.com/a/20250213A00009{n}", "articletype": kind,
         "source": "晨风科技", "abstract": "摘要", "timestamp": "1739440800"}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    url = "https://i.news.qq.com/getSubNewsMixedList?guestSuid=8QMf&tabId=om_index"
    read = of_site(Kind.QQ, url, json.dumps({"ret": 0, "newslist": rows}))
    assert titles(read) == ["篇0", "篇6", "篇7"]
    assert read.entries[0].published.at == datetime(2025, 2, 13, 10, tzinfo=UTC)


def test_the_morning_digest():
    row = {"id": "20250213A0001000", "title": "早报", "desc": "十条", "link_info": {"url": ""}}
    body = {"ret": 0, "data": {"tabs": [{"articleList": [row]}, {"articleList": [{"id": "x"}]}]}}
    read = of_site(Kind.QQ, "https://i.news.qq.com/web_backend/v2/getTagInfo?tagId=x%3D", json.dumps(body))
    assert (urls(read), titles(read)) == (["https://news.qq.com/rain/a/20250213A0001000"], ["早报"])


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://news.qq.com/rain/a/20250213A0000100", True),
        ("https://new.qq.com/rain/a/20250213V0000100?adChannelId=tech", True),
        ("https://view.inews.qq.com/a/20250213A0000100", True),
        ("https://view.inews.qq.com/k/20250213A0000100", True),
        ("https://new.qq.com/omn/20190907/20190907A081B000.html", True),
        ("http://finance.qq.com/a/20190923/000843.htm", True),
        ("https://news.qq.com/rain/a/TIP2025021300", False),
        ("https://new.qq.com/omn/author/5500617", False),
        ("https://news.qq.com/ch/tech", False),
    ],
)
def test_which_addresses_of_qq_are_articles(url, wanted):
    assert expanded(Source(name="x", kind=Kind.QQ, endpoints=({"url": PC_LIST},))).articles.wants(url) is wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://www.iyiou.com/news/202502071089671", True),
        ("https://www.iyiou.com/briefing/197001211508485", True),
        ("http://www.iyiou.com/p/99001.html", True),
        ("https://www.iyiou.com/news/", False),
        ("https://www.iyiou.com/industry/report/1", False),
    ],
)
def test_which_addresses_of_iyiou_are_articles(url, wanted):
    source = expanded(Source(name="x", kind=Kind.IYIOU, endpoints=({"url": "https://www.iyiou.com/news"},)))
    assert source.articles.wants(url) is wanted
