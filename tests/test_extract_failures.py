"""Pages that answer 200 and hold no article."""

import pytest
from pages import FEED, SEEN, SHANGHAI, page
from pydantic import ValidationError

from crawler.items import Answer, Article
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract
from pipelines.extract.failures import Failure, challenge_in, failures

BLOCKED, GONE, NO_TEXT = Outcome.BLOCKED, Outcome.GONE, Outcome.NO_TEXT
CAPTCHA = "环境异常 当前环境异常，完成验证后即可继续访问。 去验证"
ALERT = "<div id='nv'><a>首页</a></div><div id='ct'><div id='messagetext' class='alert_error'><p>{}</p></div></div>"
WEUI = "<div class='weui-msg'><h2>{}</h2></div>"
MENU = "".join(f"<li>青松门户的第{number}个栏目</li>" for number in range(60))


def html(body, head="", title="样例"):
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("body", "outcome", "reason", "holds"),
    [
        pytest.param(html(f"<div class='weui-msg'>{CAPTCHA}</div>"), BLOCKED, "captcha", True, id="wechat-captcha"),
        pytest.param(html(f"<p>{CAPTCHA}</p>"), BLOCKED, "captcha", True, id="wechat-captcha-passed-on"),
        pytest.param(
            html("", "<script src='https://res.wx.qq.com/mmbizwap/secitptpage/template/verify.js'></script>"),
            BLOCKED,
            "captcha",
            True,
            id="wechat-captcha-script",
        ),
        pytest.param(
            html("<div class='weui-msg'><h2>该内容已被发布者删除</h2></div><script>var a={}</script>", title=""),
            GONE,
            "deleted",
            False,
            id="wechat-deleted",
        ),
        pytest.param(html(WEUI.format("此内容因违规无法查看")), GONE, "cannot be read", False, id="wechat-violating"),
        pytest.param(html(WEUI.format("此内容暂时无法查看")), GONE, "cannot be read", False, id="wechat-unavailable"),
        pytest.param(html(WEUI.format("该公众号已迁移 访问新帐号")), GONE, "moved", False, id="wechat-moved"),
        pytest.param(
            html(WEUI.format("此内容被投诉且经审核涉嫌侵权，无法查看。")), GONE, "read", False, id="wechat-rights"
        ),
        pytest.param(
            html("很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。"),
            BLOCKED,
            "firewall",
            True,
            id="alibaba-firewall",
        ),
        pytest.param(
            html(MENU + ALERT.format("抱歉，您指定要查看的文章不存在或正在审核")),
            GONE,
            "does not exist",
            False,
            id="discuz-missing",
        ),
        pytest.param(
            html(MENU + ALERT.format("抱歉，您需要登录后才能查看")), BLOCKED, "login", False, id="discuz-login"
        ),
        pytest.param(html(MENU + ALERT.format("抱歉，请稍候")), NO_TEXT, "message", False, id="discuz-other-message"),
        pytest.param(html("您需要登录后才可以继续阅读本文。"), BLOCKED, "login", False, id="login"),
        pytest.param(
            html("", "<script>var _wafchallengeid='a';</script>"), BLOCKED, "challenge", True, id="waf-challenge"
        ),
        pytest.param(
            html("<div id='challenge-running'></div>Checking your browser"), BLOCKED, "challenge", True, id="challenge"
        ),
        pytest.param(
            html("<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>"),
            NO_TEXT,
            "scripts",
            False,
            id="shell",
        ),
        pytest.param('{"code": 404, "msg": "这篇文章找不到了，请回到首页看看别的"}', NO_TEXT, "JSON", False, id="json"),
        pytest.param('{"state": "%s"}' % ("x" * 5000), NO_TEXT, "JSON", False, id="encrypted-json"),
    ],
)
def test_a_failure_page_is_told_for_what_it_is(body, outcome, reason, holds):
    found = extract(page(body), FEED)
    assert (found.outcome, found.at, found.hold_host is not None) == (outcome, SEEN, holds)
    assert reason in found.reason


SLIDER = "<h1>安全验证</h1><p>为了您的帐号安全，请完成安全验证</p><p>拖动下方滑块完成拼图</p>"
CLOUDFLARE = "<h1>Sorry, you have been blocked</h1><p>You are unable to access a.example</p><p>Cloudflare Ray ID: 1</p>"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("安全验证", SLIDER),
        ("百度安全验证", "<p>请完成下方验证后继续操作</p><a>意见反馈</a>"),
        ("人机验证 - 青松门户", "<p>检测到异常流量，请证明你不是机器人</p>"),
        ("访问验证", "<p>您的访问过于频繁，点击按钮进行验证</p>"),
        ("滑动验证页面", "<p>请按住滑块，拖动到最右边，证明你是真人在访问这个网站</p>"),
        ("Just a moment...", "<p>www.example.com needs to review the security of your connection.</p>"),
        ("Attention Required! | Cloudflare", CLOUDFLARE),
    ],
)
def test_a_captcha_is_no_article_and_no_list(title, shown):
    body = html(shown, title=title)
    found = extract(page(body), FEED)
    assert (found.outcome, found.hold_host is not None) == (BLOCKED, True)
    answer = Answer(
        url="https://news.chenfeng.example/feed", body=body.encode(), content_type="text/html", at=SEEN, zone=SHANGHAI
    )
    assert challenge_in(answer).hold_host is not None


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("人机验证", "<p>{}</p>" * 12),
        ("人机验证为何越来越难", "<p>{}</p>" * 12),
        ("安全验证 - 青松门户", "<p>{}</p>"),  # short, and asks for nothing
        ("一家公司升级安全验证", f"<p>{{}}</p>{SLIDER}"),  # short, and its title says more
        ("Just a moment... and the band was gone", "<p>{}</p>" * 2),
    ],
)
def test_an_article_about_captchas_is_an_article(title, shown):
    story = "记者试着打开那一页，看到的只有一行字，他把它抄了下来，又去问了另外三个人。"
    found = extract(page(html(f"<h1>{title}</h1>{shown.format(*[story] * 12)}", title=title)), FEED)
    assert isinstance(found, Article)
    assert story in found.text


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=a&target_url=b", BLOCKED),
        ("https://www.qq.com/babygohome/?pgv_ref=404", GONE),
    ],
)
def test_a_failure_page_is_known_by_its_address(url, outcome):
    body = html("<p>这一页有许多字，看起来就像一篇文章，可是它不是要找的那一篇文章。</p>" * 40)
    assert extract(page(body, url=url), FEED).outcome is outcome


@pytest.mark.parametrize(
    "words",
    [
        CAPTCHA,
        "该内容已被发布者删除",
        "此内容因违规无法查看",
        "您的访问被阻断",
        "您需要登录后才能查看",
        "please enable JavaScript",
    ],
)
def test_an_article_about_such_a_page_is_an_article(words):
    story = "<p>记者试着打开那一页，看到的只有一行字，他把它抄了下来，又去问了另外三个人。</p>" * 12
    found = extract(page(html(f"<h1>被拦住的人</h1>{story}<p>{words}</p><noscript>{words}</noscript>{story}")), FEED)
    assert isinstance(found, Article)
    assert words.split()[-1] in found.text


BRIEF = (
    "河湾社讯，三月三日，一家芯片公司公告称，公司因涉嫌侵犯他人商业秘密被起诉。"
    "公司说，生产和销售一切正常，诉讼对今年利润的影响还不清楚。"
)


@pytest.mark.parametrize(
    "more",
    [
        "",
        "<p>请先登录后发表评论</p>",
        "<p>登录后可以查看全部评论</p>",
        "<p>您需要登录后才可以评论</p>",
        "<p>本页链接已过期</p>",
        "<p>如有侵权，请接相关投诉</p>",
    ],
)
def test_a_short_article_is_no_failure_page(more):
    found = extract(page(html(f"<h1>芯片公司被起诉</h1><div class='b'><p>{BRIEF}</p></div>{more}")), FEED)
    assert isinstance(found, Article)
    assert BRIEF in found.text


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (f"<p>{BRIEF}</p>", None),
        ("<p>您需要登录后才可以继续阅读本文，没有帐号的读者请先注册。</p>", BLOCKED),
    ],
)
def test_where_a_rule_finds_an_article_the_words_of_the_rest_say_nothing(body, outcome):
    rules = FEED.model_validate({**FEED.model_dump(), "articles": {"body": ".b"}})
    notice = "<p>登录后可以查看全文</p>"
    found = extract(page(html(f"<div class='b'>{body}</div>{notice}")), rules)
    assert getattr(found, "outcome", None) is outcome


def test_a_short_article_of_wechat_about_infringement_is_an_article():
    shown = html(f"<div id='js_article' class='rich_media'><div id='js_content'><p>{BRIEF}</p></div></div>")
    assert isinstance(extract(page(shown, url="https://mp.weixin.qq.com/s/AbC"), FEED), Article)


def test_a_deleted_article_of_wechat_is_known_by_its_address_as_well():
    gone = extract(page(html("<p>该内容已被发布者删除</p>"), url="https://mp.weixin.qq.com/s/AbC"), FEED)
    assert gone.outcome is GONE


def test_no_list_of_words_is_without_a_bound():
    assert all(failure.where or failure.url or failure.at_most for failure in failures())
    with pytest.raises(ValidationError, match="an article about captchas"):
        Failure(words="去验证", outcome="blocked", reason="a captcha")
