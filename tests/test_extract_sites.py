"""Pages of sites that are known by their pages."""

import json
import time
from datetime import UTC, datetime

import pytest
from html_pages import FIXTURES, discuz
from pages import FEED, SHANGHAI, page
from pydantic import ValidationError

from crawler.items import Article, Ended, Precision
from crawler.markup import parse
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract
from pipelines.extract.sites import qq, weixin
from pipelines.extract.sites.rules import DataRules

TEXT = "青松市的机器人工厂说，他们在三月里会生产一百台新的机器，比去年多出一倍。"
DISCUZ = f"{TEXT}<br /><br />第二段。"
WEIXIN_KEY = "wechat:MzAwMDAwMDAwMQ:2650000001:2:0123456789abcdef0123456789abcdef"


WEIXIN = "https://mp.weixin.qq.com/s/AsItWasAskedForThis"


def fixture(name):
    return (FIXTURES / f"{name}.html").read_text("utf-8")


def read(name, **options):
    return extract(page(fixture(name), **options), FEED)


def shanghai(*parts):
    return datetime(*parts, tzinfo=SHANGHAI)


def ruled(**articles):
    return FEED.model_validate({**FEED.model_dump(exclude={"articles"}), "articles": articles})


def source(**changes):
    return FEED.model_validate({**FEED.model_dump(), **changes})


# Tencent


def test_a_tencent_page_of_2019_is_its_body_and_its_data_without_a_semicolon():
    found = read("qq_2019")
    lines = found.text.split("\n")
    assert lines[0].startswith("六月的第一个星期一")
    assert lines[-1] == "江边晚报记者 罗一"
    assert "工人在给旧船板上油" in lines
    assert found.title == "老码头改建成图书馆 设计师：书架是用旧船板做的"
    assert (found.account, found.authors) == ("江边晚报", ())
    assert found.published.at == shanghai(2019, 6, 3, 19, 2, 26)
    assert shanghai(2019, 6, 3, 21, 30, 50) in [dating.at for dating in found.datings]
    assert [image.rpartition("/0/")[2] for image in found.images] == ["100001/1000", "100002/1000"]
    assert found.images[0].startswith("https://inews.gtimg.com/")
    for foreign in ("相关推荐", "免责声明", "漂过二十年", "企鹅号", "分享"):
        assert foreign not in found.text


def test_a_tencent_page_of_today_is_the_text_its_data_carries_with_pictures_in_their_places():
    found = read("qq_now")
    assert found.markdown.split("\n\n") == [
        "三月一日，青禾县的第一批无人机飞过了稻田，农户在地头记下了时间。",
        "![](https://inews.gtimg.com/news_bt/Aa1/641)",
        '无人机在地头 "等" 风停',
        "技术员把那一段程序抄在本子上：`if (a) { b(); };`，他说这样就够了。",
        "## 一亩地省多少",
        "> 省下的不是药，是人。",
        "**账本**上写着三十元。",
        "![](https://inews.gtimg.com/news_bt/Bb2/641)",
        "- 药：十二元\n- 人：十八元",
    ]
    assert (found.title, found.account, found.authors) == ("稻田里的无人机：一个县的算账本", "田野观察", ())
    assert found.published.at == shanghai(2025, 3, 1, 8, 15, 9)


def test_the_medium_that_a_meta_tag_calls_author_is_none():
    shown = fixture("qq_now").replace("<head>", "<head><meta name='article:author' content='田野观察'>")
    assert extract(page(shown), FEED).authors == ()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_tencent_portal_page_is_read_in_either_encoding(encoding):
    found = extract(page(fixture("qq_finance").encode(encoding)), FEED)
    lines = found.text.split("\n")
    assert (lines[0], lines[-1]) == ("要点：", "厂长说，下雨的日子越多，他们要运的原料就越多。")
    assert "1. 盐湖每年能提出五千吨原料，是电池厂用量的一半。\n2. 另一半" in found.markdown
    assert found.title == "盐湖边的电池厂：原料从哪里来"
    assert found.account == "盐湖日报"
    assert found.published.at == shanghai(2019, 8, 12, 7, 48)
    assert found.images == ("https://inews.gtimg.com/newsapp_bt/0/200001/641",)


def data_page(data, body=""):
    return page(f"<html><head><script>window.DATA = {json.dumps(data)};</script></head><body>{body}</body></html>")


QQ = {"article_id": "20250301V0AB1C00", "title": "一段录像", "media": "田野观察", "pubtime": "2025-03-01 08:15:09"}


@pytest.mark.parametrize(
    ("data", "outcome", "reason"),
    [
        pytest.param({"article_is_pay": 1, "originContent": {"text": TEXT}}, Outcome.BLOCKED, "paywall", id="paid"),
        pytest.param({"article_is_pay": "1"}, Outcome.BLOCKED, "paywall", id="paid-in-words"),
        pytest.param({}, Outcome.NO_TEXT, "video", id="video-by-its-id"),
        pytest.param({"article_id": "x", "article_type": "4"}, Outcome.NO_TEXT, "video", id="video-by-its-type"),
        pytest.param(
            {"originContent": {"text": "<!--VIDEO_0-->"}, "article_id": "x", "videoArr": [{"vid": "a"}]},
            Outcome.NO_TEXT,
            "video",
            id="video-with-an-empty-text",
        ),
    ],
)
def test_a_tencent_page_without_an_article_ends_as_its_data_says(data, outcome, reason):
    more = "".join(f"<p>相关推荐的第{number}条，它的标题也有这么长，看起来像一段正文。</p>" for number in range(9))
    found = extract(data_page({**QQ, **data}, more), FEED)
    assert found.outcome is outcome
    assert reason in found.reason


def test_a_video_page_with_a_text_is_an_article():
    found = extract(data_page({**QQ, "originContent": {"text": f"<p>{TEXT}</p><!--VIDEO_0-->"}}), FEED)
    assert found.text == TEXT


def test_an_article_of_2019_with_a_video_in_it_is_an_article():
    with_video = fixture("qq_2019").replace('"political"', '"videoArr": [{"vid": "u09"}], "political"')
    assert extract(page(with_video), FEED).text == read("qq_2019").text
    empty = data_page({**QQ, "article_id": "x", "videoArr": [{"vid": "u09"}]}, "<div class='content-article'> </div>")
    assert "video" in extract(empty, FEED).reason


def test_a_gallery_of_2019_is_its_pictures_and_their_words():
    rows = [
        {"type": 1, "value": "//inews.gtimg.com/newsapp_bt/0/1/1000", "desc": TEXT},
        {"type": 2, "value": "第二段话。", "desc": ""},
        {"type": 2, "value": "", "desc": "第三段话。"},
    ]
    script = f"<script>window.DATA = {json.dumps(QQ)}\n var FULLIMGDATA = {json.dumps(rows)};</script>"
    found = extract(page(f"<html><body><div class='qq_conent'></div>{script}</body></html>"), FEED)
    assert found.text.split("\n") == [TEXT, "第二段话。", "第三段话。"]
    assert len(found.images) == 1


@pytest.mark.parametrize("broken", ["{", "[]", '{"title": ', "null", '{"originContent": 3, "originAttribute": [1]}'])
def test_broken_data_costs_no_article(broken):
    body = f"<div class='content-article'><p>{TEXT}</p></div>"
    found = extract(page(f"<div class='qq_conent'><script>window.DATA = {broken}</script>{body}</div>"), FEED)
    assert found.text == TEXT


# WeChat


def test_a_wechat_page_of_2020_is_read_though_it_is_hidden_and_has_no_title():
    found = read("weixin_2020", url=WEIXIN)
    assert found.markdown.split("\n\n") == [
        "第一年，他们只打了四根桩。",
        "第二年的**洪水**冲走了两根，工人们在岸上住了四个月。",
        "![](https://mmbiz.qpic.cn/mmbiz_jpg/AAAA/640?wx_fmt=jpeg)",
        "## 第三年",
        "桥通车的那天，[老船工](http://mp.weixin.qq.com/s?__biz=MzA==&mid=1&idx=1&sn=a&scene=21#wechat_redirect)没有来。",
        "![](https://mmbiz.qpic.cn/mmbiz_png/BBBB/640?wx_fmt=png)",
    ]
    assert (found.title, found.account, found.authors) == ("河上的桥修了三年", "河边笔记&桥", ("孙小河",))
    assert found.published.at == datetime(2020, 4, 9, 3, 8, tzinfo=UTC)
    assert found.published.precision is Precision.SECOND
    assert found.final_key == WEIXIN_KEY


def test_a_wechat_page_of_2025_is_read_once_though_it_stands_there_twice():
    found = read("weixin_2025", url=WEIXIN)
    assert found.markdown.split("\n\n") == [
        "山洞里的风一年四季都是十二度，这是他们选在这里的原因。",
        "> 风是免费的，山洞不是。",
        "1. 先把热水引到温室。\n2. 再把凉水送回机房。",
        "冬天，温室里的番茄比机房里的机器还贵。",
    ]
    assert (found.title, found.account) == ("山里的数据中心用什么散热 & 多少钱", "机房'外")
    assert found.authors == ("林一",)
    assert found.published.at == shanghai(2025, 3, 1, 8, 0, 5)
    assert found.final_key == "wechat:MzAwMDAwMDAwMg:2247000002:1:fedcba9876543210fedcba9876543210"


def test_a_page_of_a_mirror_in_html_is_the_article_it_shows():
    mirrored = page(fixture("weixin_2020"), url="https://mirror.example/pages/7.html")
    assert extract(mirrored, source(kind="wechat_mirror")).final_key == WEIXIN_KEY


def test_a_page_of_anybody_else_is_not_believed_to_be_the_article_it_claims():
    assert read("weixin_2020", url="https://other.example/7.html").final_key == "url:other.example/7.html"


def test_a_page_with_an_odd_id_is_itself():
    odd = fixture("weixin_2020").replace("2650000001", "26 50][").replace("mp.weixin.qq.com/s?", "[")
    assert extract(page(odd, url=WEIXIN), FEED).final_key == "wechat:AsItWasAskedForThis"


def test_the_first_address_counts_where_the_scripts_name_no_article():
    page_of_2025 = fixture("weixin_2025").replace('var mid = "2247000002"', 'var mid = ""')
    assert extract(page(page_of_2025, url=WEIXIN), FEED).final_key == "wechat:AbCdEfGhIjKlMnOpQrStUv"


@pytest.mark.parametrize("name", ["weixin_2020", "weixin_2025"])
def test_another_script_that_uses_the_short_names_of_wechat_changes_nothing(name):
    script = "<script>!function(){for(var idx=0,ct=1,mid=3,sn='a',biz='analytics';idx<3;idx=7);}();</script>"
    plain = extract(page(fixture(name), url=WEIXIN), FEED)
    found = extract(page(fixture(name).replace("<head>", f"<head>{script}"), url=WEIXIN), FEED)
    assert (found.final_key, found.published) == (plain.final_key, plain.published)
    assert found.published.precision is Precision.SECOND


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("DATA = {\n;" * 100_000, id="objects-that-are-no-json"),
        pytest.param("DATA = [" * 50_000, id="nested-too-deeply"),
        pytest.param("picture_page_info_list = [" * 25_000, id="lists-without-an-end"),
        pytest.param("var ct = '" * 50_000, id="quotes-without-an-end"),
    ],
)
def test_scripts_are_read_in_time_by_their_length(script):
    tree = parse(f"<html><body><script>{script}</script></body></html>")
    began = time.process_time()
    qq.read(tree)
    weixin.read(tree)
    assert time.process_time() - began < 8  # seconds; by the square it is minutes


def test_the_body_in_the_scripts_is_taken_where_the_page_has_none():
    empty = "<div class='rich_media_content' id='js_content'></div>"
    script = (
        r"<script>window.cgiDataNew = { title: JsDecode('一\x26amp;二'), nick_name: JsDecode('\u6cb3\u8fb9'), "
        r"content_noencode: JsDecode('\x3cp\x3e" + TEXT + r"\x3c/p\x3e\x3cp\x3e它\'s 完了。\x3c/p\x3e') };</script>"
    )
    found = extract(page(f"<html><head><title></title></head><body>{empty}{script}</body></html>"), FEED)
    assert found.text.split("\n") == [TEXT, "它's 完了。"]
    assert found.account == "河边"


PICTURES = r"""window.picture_page_info_list = [
  { width: '1' * 1, cdn_url: JsDecode('https://mmbiz.qpic.cn/a/0?wx_fmt=jpeg\x26amp;from=appmsg'),
    watermark_info: { cdn_url: 'https://mmbiz.qpic.cn/mark/0' } },
  { cdn_url: 'https://mmbiz.qpic.cn/b[1]/0?wx_fmt=png', live_photo: { format_info: [] } },
].slice(0, 20); var other = [{ cdn_url: 'https://mmbiz.qpic.cn/other/0' }];"""


@pytest.mark.parametrize(
    ("body", "script", "text", "images"),
    [
        pytest.param(f"<div class='original_page'><p>{TEXT}</p></div>", "", TEXT, 0, id="repost"),
        pytest.param(f"<p id='js_text_desc'>{TEXT}<br>又一行。</p>", "", f"{TEXT}\n又一行。", 0, id="text"),
        pytest.param(
            "<p id='js_text_desc'></p>",
            rf"window.cgiDataNew = {{ text_page_info: {{ content: JsDecode('{TEXT}\x0a又一行。') }} }};",
            f"{TEXT}\n又一行。",
            0,
            id="text-in-scripts",
        ),
        pytest.param(f"<div id='js_common_share_desc_wrap'>{TEXT}</div>", "", TEXT, 0, id="video-with-words"),
        pytest.param(
            "<div class='share_media_swiper_content'></div>",
            rf"window.cgiDataNew = {{ content_noencode: '{TEXT}\x0a又一行。' }}; {PICTURES}",
            f"{TEXT}\n又一行。",
            2,
            id="pictures",
        ),
        pytest.param(
            "<div class='share_media_swiper_content'><img data-src='https://mmbiz.qpic.cn/a/0'></div>"
            f"<p id='js_image_desc'>{TEXT}<br>又一行。</p>",
            "",
            f"{TEXT}\n又一行。",
            1,
            id="pictures-in-the-page",
        ),
    ],
)
def test_the_layouts_of_wechat(body, script, text, images):
    head = "<meta property='og:title' content='一组图'>"
    holder = f"<div id='js_article' class='rich_media'>{body}</div><script>{script}</script>"
    found = extract(page(f"<html><head>{head}</head><body>{holder}</body></html>"), FEED)
    assert found.text == text
    assert len(found.images) == images
    assert not any("mark" in image or "other" in image for image in found.images)


def test_a_short_post_whose_text_only_scripts_load_is_unsupported():
    body = "<div id='js_fullscreen_layout_padding'></div><p>微信扫一扫，看一看这一篇短文，它的正文不在这里。</p>"
    found = extract(page(f"<html><body>{body}</body></html>"), FEED)
    assert (found.outcome, found.reason[:11]) == (Outcome.NO_TEXT, "unsupported")


def test_a_text_post_is_called_by_its_first_line():
    whole = "今天的江面很平，" * 12
    head = rf"<meta property='og:title' content='{whole}\n第二行'>"
    found = extract(page(f"<html><head>{head}</head><body><p id='js_text_desc'>{whole}</p></body></html>"), FEED)
    assert (len(found.title), found.title[-1]) == (41, "…")


def test_the_minute_the_page_shows_wins_over_another_time_in_its_scripts():
    page_of_2020 = fixture("weixin_2020").replace("1586401680", "1586411680")
    assert extract(page(page_of_2020), FEED).published.at == shanghai(2020, 4, 9, 11, 8)


# Discuz


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_discuz_article_is_its_body_and_names_its_author_not_who_put_it_there(charset):
    found = extract(page(discuz(DISCUZ, charset=charset), content_type="text/html"), FEED)
    assert found.text == f"{TEXT}\n第二段。"
    assert (found.title, found.authors, found.account) == ("旧城的路灯换成了会说话的", ("秦川",), "旧城晚报")
    assert found.published.at == shanghai(2025, 2, 5, 9, 5)


def test_a_discuz_article_without_an_author_has_none():
    found = extract(page(discuz(DISCUZ).replace("原作者: 秦川".encode("gbk"), b"")), FEED)
    assert found.authors == ()


@pytest.mark.parametrize("nobody", ["互联网", "网络", "转载", "本站"])
def test_a_word_that_stands_for_nobody_is_no_account(nobody):
    assert extract(page(discuz(DISCUZ).replace("旧城晚报".encode("gbk"), nobody.encode("gbk"))), FEED).account == ""


def test_the_counter_of_views_changes_nothing():
    few, many = (extract(page(discuz(DISCUZ, views=views)), FEED) for views in (1, 99999))
    assert (few.text, few.markdown, few.datings) == (many.text, many.markdown, many.datings)


def test_discuz_pictures_are_found_by_file_and_zoomfile_against_the_base():
    body = f"{TEXT}<br><img src='static/none.gif' file='data/attachment/a.jpg'><img zoomfile='b.jpg' src='c.gif'>"
    found = extract(page(discuz(body)), FEED)
    assert found.images == ("http://portal.example.cn/data/attachment/a.jpg", "http://portal.example.cn/b.jpg")


def test_what_an_editor_put_into_a_discuz_article_stays_and_the_boxes_of_its_pictures_go():
    body = f"{TEXT}<div class='tip'>编者按：只此一家。</div><p class='xs0'>小字。</p>"
    box = "<div class='tip tip_4 aimg_tip'><p class='xs0'>下载附件</p></div>"
    found = extract(page(discuz(body + box)), FEED)
    assert found.text.split("\n") == [TEXT, "编者按：只此一家。", "小字。"]


def test_the_whole_date_beside_a_theme_that_writes_yesterday():
    shown = "<span title='2025-2-5 9:05'>昨天 09:05</span>".encode("gbk")
    found = extract(page(discuz(DISCUZ).replace(b"2025-2-5 9:05", shown)), FEED)
    assert found.published.at == shanghai(2025, 2, 5, 9, 5)


def test_a_forum_thread_is_its_first_post_without_the_words_against_copying():
    posts = (
        f"<td class='t_f' id='postmessage_1'><i class='pstatus'>本帖最后由某人编辑</i>{TEXT}"
        "<font class='jammer'>Xq7z</font><span style='display:none'>0a9</span><br>第二行。</td>"
        "<td class='t_f' id='postmessage_2'>回复：说得很好，我也是这么想的，支持一下楼主。</td>"
    )
    head = "<meta name='generator' content='Discuz! X3.4'>"
    found = extract(page(f"<html><head>{head}</head><body><table><tr>{posts}</tr></table></body></html>"), FEED)
    assert found.text == f"{TEXT}\n第二行。"


# iyiou


@pytest.mark.parametrize(("id_", "class_"), [("post_description", ""), ("x", "post-body")])
def test_an_iyiou_article_in_both_markups_without_the_lines_about_it(id_, class_):
    body = fixture("iyiou").replace("BODYID", id_).replace("BODYCLASS", class_)
    found = extract(page(body), FEED)
    assert found.markdown.split("\n\n") == [
        "早上五点，菜市场的十二个车位全满了，没有一辆是来买菜的。",
        "### 第一部分电价第二部分车位",
        "![](https://diting-hetu.example.com/async/weixin/abcdefghij0123456789)",
        "管理员说，**电费**比摊位费多了一倍。",
        "“明年还会再装六个。”他说。",
    ]
    assert (found.title, found.authors) == ("充电桩进了菜市场", ("方舟",))
    assert found.published.at == shanghai(2020, 3, 5, 10, 40, 46)


def test_the_date_of_an_iyiou_list_beside_an_article_is_not_the_articles():
    aside = "<div class='eo-article-column'><i class='eo-post-date'>3 小时前</i></div>"
    body = fixture("iyiou").replace("BODYID", "x").replace("BODYCLASS", "post-body")
    plain = body.replace("<header>", f"{aside}<header>").replace('<div id="post_date">2020-03-05</div>', "")
    for shown in (plain, plain.replace("eo-article-column", "x").replace("<div class='x'>", "<aside>")):
        assert extract(page(shown), FEED).published.at == shanghai(2020, 3, 5, 10, 40, 46)


# Sites that carry their articles as JSON


HUXIU = "https://www.huxiu.com/article/4012345.html"
THEPAPER = "https://www.thepaper.cn/newsDetail_forward_30140001"
SHELL = (
    "<html><head><title>{}</title></head><body><noscript>You need to enable JavaScript to run this app.</noscript>{}"
)


def huxiu(told):
    script = f"<script>window.__INITIAL_STATE__={json.dumps(told)};(function(){{var s;}}())</script>"
    return SHELL.format("工厂的机器-虎嗅网", f"<div id='app'></div>{script}")


def thepaper(told):
    data = {"props": {"pageProps": {"detailData": {"contentDetail": told}}}}
    return SHELL.format("工厂的机器_澎湃新闻", f"<script id='__NEXT_DATA__' type='x'>{json.dumps(data)}</script>")


CONTENT = f"<p>{TEXT}</p><p><img _src='https://img.example.cn/a.jpg'></p><div class='neirong-shouquan'>授权。</div>"
IN_JSON = [
    pytest.param(
        huxiu({"articleDetail": {"articleDetail": {"title": "机器", "content": CONTENT, "dateline": "1740877500"}}}),
        HUXIU,
        id="huxiu",
    ),
    pytest.param(
        huxiu({"articleDetail": {"title": "机器", "content": CONTENT, "dateline": 1740877500}}), HUXIU, id="flat"
    ),
    pytest.param(
        thepaper({"name": "机器", "content": CONTENT.replace("授权。", ""), "publishTime": 1740877500000}),
        THEPAPER,
        id="thepaper",
    ),
    pytest.param(
        thepaper({"name": "机器", "content": CONTENT.replace("授权。", ""), "pubTime": "2025-03-02 09:05"}),
        THEPAPER,
        id="thepaper-day",
    ),
]


@pytest.mark.parametrize(("body", "url"), IN_JSON)
@pytest.mark.parametrize("known", [True, False], ids=["by-address", "by-itself"])
def test_an_article_that_stands_in_json_alone_is_read(body, url, known):
    found = extract(page(body, url=url) if known else page(body), FEED)
    assert (found.title, found.text) == ("机器", TEXT)
    assert found.published.at == shanghai(2025, 3, 2, 9, 5)
    assert found.images == ("https://img.example.cn/a.jpg",)


@pytest.mark.parametrize("told", [{}, [], {"articleDetail": None}, {"articleDetail": {"content": 3, "title": []}}])
def test_json_without_an_article_is_no_article(told):
    assert extract(page(huxiu(told), url=HUXIU), FEED).outcome is Outcome.NO_TEXT


def test_data_rules_say_where_the_json_stands():
    with pytest.raises(ValidationError, match="which script"):
        DataRules(body=["content"])
    with pytest.raises(ValidationError, match="JMESPath"):
        DataRules(where="#a", body=["content["])


# Pages of nobody known


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param("<div id='article_content'></div>", id="an-id-of-discuz"),
        pytest.param(
            '<script>window.DATA = {"title": "频道", "pubtime": "2020-01-01 00:00:00", "media": "x"};</script>',
            id="a-name-of-tencent",
        ),
    ],
)
def test_a_page_that_shares_one_word_with_a_known_site_is_none_of_its(beside):
    shown = (
        f"<html><body>{beside}<h1>工厂的机器</h1><p>2025-03-02 09:05</p><p>{TEXT}</p><p>{TEXT * 3}</p></body></html>"
    )
    found = extract(page(shown), FEED)
    assert (found.title, found.account, found.published.at) == ("工厂的机器", "", shanghai(2025, 3, 2, 9, 5))
    assert TEXT in found.text


# A source's own rules


RULED = f"""<html><head><title>站名</title></head><body><h2 class=t>真正的标题</h2><i class=w>文/秦川</i>
<b class=d>3 小时前</b><div class=b><p>{TEXT}</p><p class=ad>广告。</p><p>短。</p></div>
<div class=c><p>{TEXT * 9}</p></div></body></html>"""


def test_a_sources_own_rules_find_title_author_date_and_body():
    rules = {"title": ".t", "author": "substring-after(//i, '文/')", "published": ".d", "body": ".b", "drop": ".ad"}
    found = extract(page(RULED), ruled(**rules))
    assert found.text == f"{TEXT}\n短。"
    assert (found.title, found.authors) == ("真正的标题", ("秦川",))
    assert (found.published.at, found.published.precision) == (datetime(2026, 3, 5, 1, tzinfo=UTC), Precision.HOUR)
    assert found.extractor.startswith("rules")


def test_a_sources_own_rules_win_over_what_is_known_of_the_site_key_by_key():
    shown = fixture("qq_now").replace("（这里的正文由脚本换掉。）", TEXT)
    found = extract(page(shown), ruled(body="#article-content", title=".author-info"))
    assert (found.text, found.title, found.account) == (TEXT, "田野观察", "田野观察")
    assert found.published.at == shanghai(2025, 3, 1, 8, 15, 9)


def test_where_a_rule_finds_nothing_the_page_is_read_as_any_other():
    found = extract(page(RULED), ruled(body=".gone"))
    assert isinstance(found, Article)
    assert found.extractor.startswith("trafilatura")


def test_the_charset_of_the_source_is_believed():
    words = "ロボット工場は三月に新しい機械を百台作ると言った。去年の二倍になる。"
    body = f"<html><meta charset=gbk><body><div class=b>{words}</div>".encode("shift_jis")
    assert extract(page(body), source(charset="shift_jis", articles={"body": ".b"})).text == words


# Broken pages


@pytest.mark.parametrize("name", ["qq_2019", "qq_now", "qq_finance", "weixin_2020", "weixin_2025", "discuz", "iyiou"])
def test_no_page_however_broken_raises(name):
    whole = fixture(name)
    for cut in range(100, len(whole), 211):
        for torn in (whole[:cut], whole[cut:], whole[:cut] + whole[cut + 60 :]):
            assert isinstance(extract(page(torn), FEED), Article | Ended)


# Empty bodies


def test_a_known_container_that_is_empty_leaves_the_page_to_the_generic_reader():
    paragraphs = [f"第{number}座水闸昨天修好，机器人用了四个小时，镇上的人都到岸边来看。" for number in range(1, 7)]
    shown = "".join(f"<p>{one}</p>" for one in paragraphs)
    html = f"<html><body><h1>水闸</h1><div id=article_content></div><div class=real>{shown}</div></body></html>"
    found = extract(page(html), FEED)
    assert found.text == "\n".join(paragraphs)
    assert found.extractor.startswith("trafilatura")


def test_round_a_known_body_of_dropped_parts_nothing_is_looked_for():
    html = f"<html><body><div id=zw><p class=ad>{TEXT}</p></div><p>{TEXT * 4}</p></body></html>"
    assert extract(page(html), ruled(body="#zw", drop=".ad")).outcome is Outcome.NO_TEXT


@pytest.mark.parametrize(
    ("words", "stays"),
    [("招股书全文", True), ("qq", False), ("原文链接", False), ("来源：河湾", False), ("河湾晚报", False)],
)
def test_a_link_below_the_article_goes_only_where_it_is_called_after_the_source(words, stays):
    body = f"<p>{TEXT}</p><p><a href='https://new.qq.com/rain/a/1'>{words}</a></p>"
    head = "<h1 class=ph>招股书</h1><p class=xg1>2026-3-2 9:05 | 来自: 河湾晚报</p>"
    found = extract(page(f"<html><body>{head}<div id=article_content>{body}</div></body></html>"), FEED)
    assert found.text == (f"{TEXT}\n{words}" if stays else TEXT)
