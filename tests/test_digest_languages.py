"""A digest speaks the language of its subscription; titles and texts stay as they are."""

import re
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from archive_rows import HOUR, NOON, a_config, build

from crawler.config.models import Language, Subscription
from crawler.fetch.failures import Failure
from crawler.outcomes import Outcome
from pipelines.digest.causes import PHRASES, told_in_chinese
from pipelines.digest.phrases import Phrases
from pipelines.digest.render import render_html, render_markdown
from pipelines.digest.words import WORDS


def places(text):
    """The values that are filled in, by form."""
    return [{name for _, name, _, _ in Formatter().parse(form) if name} for form in text.split("|")]


def test_every_language_has_every_word_with_the_same_values():
    english, chinese = WORDS[Language.EN], WORDS[Language.ZH_CN]
    assert set(WORDS) == set(Language)
    assert english.keys() == chinese.keys()
    for key, text in chinese.items():
        [values] = places(text)
        for form in places(english[key]):
            assert form | {"n"} == values | {"n"}, key
    assert {f"outcome_{outcome.value}" for outcome in Outcome} <= chinese.keys()


def test_no_language_calls_two_columns_alike():
    columns = [*(f"outcome_{item.value}" for item in Outcome), *"carried_in found carried_out known requests".split()]
    for words in WORDS.values():
        assert len({words[name] for name in columns}) == len(columns)


@pytest.fixture
def day(rows):
    original = rows.an_article(1)
    rows.an_article(2, source="xinchao", copy_of=original)
    rows.an_article(3, published=None)
    counts = {outcome.value: 1 for outcome in Outcome} | {"found": 9, "polls": 1, "polls_failed": 1}
    rows.a_run(
        ended=NOON, books={"chenfeng": {**counts, "error": "https://chenfeng.example/feed: no answer in time: "}}
    )
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, seen=NOON - HOUR)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_a_digest_in_english_has_no_chinese_of_its_own(database, day, tmp_path, render):
    digest = build(database, a_config(tmp_path), language=Language.EN, title="Daily")
    own, line = render(digest), digest.sections[0].lines[0]
    for name in (line.lead, line.title, "晨风科技", "新潮观察", "人形机器人", "不让抓的"):
        own = own.replace(name, "")
    assert re.findall("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", own) == []
    assert "Why: title “" in re.sub("</?bdi>", "", own)


def test_a_digest_in_chinese_has_no_english_of_its_own_but_the_ids_of_outcomes(database, day, tmp_path):
    text = render_markdown(build(database, a_config(tmp_path)))
    text = re.sub(r"\(https?://[^)]*\)|<https?://[^>]*>|Asia/Shanghai", "", text).replace("\\_", "_")
    assert sorted(re.findall("[A-Za-z_]{2,}", text)) == sorted(outcome.value for outcome in Outcome)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.EN, ["1 article.", "1 run ended in this period.", "Issued 2025-03-03 12:00", "Copies: "]),
        (Language.ZH_CN, ["共 1 篇。", "本期 1 次运行。", "签发于 2025-03-03 12:00", "转载："]),
    ],
)
def test_one_is_not_told_as_many(database, config, rows, language, told):
    original = rows.an_article(1)
    rows.an_article(2, source="xinchao", copy_of=original)
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 1, "kept": 1}})
    text = render_markdown(build(database, config, language=language))
    for part in told:
        assert part in text


def test_a_subscription_that_names_no_language_is_in_chinese():
    assert Subscription(name="daily").language is Language.ZH_CN


# -- causes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", list(Failure))
def test_every_way_a_fetch_can_fail_is_told_in_chinese(failure):
    assert told_in_chinese(f"{failure}: HTTP 503") == f"{PHRASES[failure.value]}：HTTP 503"


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("the server has an error: HTTP 503", "服务器出错：HTTP 503"),
        (
            "the server asks us to slow down: HTTP 567; it is left alone until 2025-03-03 09:10",
            "服务器要求放慢：HTTP 567；暂停访问至 2025-03-03 09:10",
        ),
        (
            "not polled: qq.com asked to be left alone until 2025-03-05 05:00",
            "没有查看：qq.com 要求暂缓访问，至 2025-03-05 05:00",
        ),
        (
            "wxcang.example: WeChat asks for a captcha; it is left alone until 2025-03-05 06:00",
            "wxcang.example: 微信要求验证码；暂停访问至 2025-03-05 06:00",
        ),
        ('no row was found by .a li; a page titled "首页"', '没有找到条目，选择器为 .a li; a page titled "首页"'),
        (
            "3 entries wait, but no enabled source has this name any more",
            "3 条条目在等候，但已没有启用的来源叫这个名字",
        ),
        ("no list of items: data gives nothing", "答复里没有条目列表：data gives nothing"),
        ("nobody knows this: at all", "nobody knows this: at all"),
        ('a page titled "timed out"', 'a page titled "timed out"'),
        ("", ""),
    ],
)
def test_a_cause_is_told_in_chinese_as_far_as_it_is_known(cause, told):
    assert told_in_chinese(cause) == told


@pytest.mark.parametrize("language", list(Language))
def test_the_times_in_a_cause_are_told_in_the_digests_zone(language):
    phrases = Phrases(language=language, zone=ZoneInfo("Asia/Shanghai"), form=str, shown=str)
    told = phrases.cause("the server asks us to slow down: HTTP 429; it is left alone until 2025-03-03 23:10 UTC")
    assert told.endswith(" 2025-03-04 07:10")
