"""Pages that answer 200 and hold no article."""

import pytest
from pages import FEED, SEEN, page
from pydantic import ValidationError

from crawler.items import Article
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract
from pipelines.extract.failures import Failure, failures

BLOCKED, GONE, NO_TEXT = Outcome.BLOCKED, Outcome.GONE, Outcome.NO_TEXT
CAPTCHA = "环境异常 当前环境异常，完成验证后即可继续访问。 去验证"
ALERT = "<div id='nv'><a>首页</a></div><div id='ct'><div id='messagetext' class='alert_error'><p>{}</p></div></div>"
MENU = "".join(f"<li>青松门户的第{number}个栏目</li>" for number in range(60))


def html(body, head="", title="样例"):
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("body", "outcome", "reason", "holds"),
    [
        pytest.param(html(f"<div class='weui-msg'>{CAPTCHA}</div>"), BLOCKED, "captcha", True, id="wechat-captcha"),
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
        pytest.param(html("<p>此内容因违规无法查看</p>"), GONE, "cannot be read", False, id="wechat-violating"),
        pytest.param(html("<p>此内容暂时无法查看</p>"), GONE, "cannot be read", False, id="wechat-unavailable"),
        pytest.param(html("<p>该公众号已迁移</p><a>访问新帐号</a>"), GONE, "moved", False, id="wechat-moved"),
        pytest.param(html("<p>此内容被投诉且经审核涉嫌侵权，无法查看。</p>"), GONE, "read", False, id="wechat-rights"),
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


def test_no_list_of_words_is_without_a_bound():
    assert all(failure.where or failure.url or failure.at_most for failure in failures())
    with pytest.raises(ValidationError, match="an article about captchas"):
        Failure(words="去验证", outcome="blocked", reason="a captcha")
