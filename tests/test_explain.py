"""Every article answers why it is where it is, from what was stored."""

import re
from zoneinfo import ZoneInfo

import pytest
from archive_rows import DAY, HOUR, NOON, Rows, a_config, a_dating, a_source, a_verdict
from sqlalchemy import insert

from crawler.config.models import Language
from crawler.database import Database
from crawler.fetch.failures import Failure
from crawler.items import Origin, Precision, TermHit
from crawler.outcomes import Outcome, Sameness
from crawler.tables import entry, host, sighting
from pipelines.archive.explain import Explanation, explain
from pipelines.archive.explain_answer import answer
from pipelines.archive.explain_reasons import in_chinese
from pipelines.archive.explain_text import Voice
from pipelines.archive.explain_waiting import Because
from pipelines.archive.explain_words import WORDS
from pipelines.extract.failures import failures

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE = Voice(language=Language.ZH_CN, zone=SHANGHAI)
ENGLISH = Voice(language=Language.EN, zone=SHANGHAI)
EMPTY = [a_verdict("space", score=0.0, hits=()), a_verdict("ships", score=0.0, hits=(), vetoed_by="没有必备词")]


@pytest.fixture
def connection(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/explain.db")
    with database.write() as opened:
        yield opened
    database.close()


@pytest.fixture
def rows(connection):
    return Rows(connection)


def told(connection, query, voice=CHINESE):
    return voice.explanation(explain(connection, query))


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("https://chenfeng.example/7", id="url"),
        pytest.param("http://www.chenfeng.example/7/?utm_source=rss", id="another spelling of the url"),
        pytest.param("1", id="entry id"),
        pytest.param(" 新一代人形机器人亮相 ", id="title"),
        pytest.param("机器人亮", id="a part of the title"),
    ],
)
def test_an_article_is_found_by(connection, rows, query):
    number = rows.an_article(7)
    rows.an_article(8, "100% 无关", source="xinchao")
    assert explain(connection, query).entry == number


def test_an_article_is_found_by_where_its_announcement_led(connection, rows):
    number = rows.an_article(1, final_key="url:origin.example/1")
    assert explain(connection, "https://origin.example/1").entry == number


MIRRORED = "https://mirror.example/gzh/backup/%E8%A7%82%E6%BD%AE/%E4%B8%80.md"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(MIRRORED, id="as it is fetched"),
        pytest.param("https://mirror.example/gzh/backup/观潮/一.md?from=rss", id="another spelling"),
        pytest.param("https://mirror.example/#/gzh/backup/观潮/一", id="as the browser shows it"),
    ],
)
def test_an_entry_without_an_article_is_found_by_its_mirrors_address(connection, rows, query):
    rows.an_entry(key="wechat:b:1:1:s", url="https://mirror.example/other.md")
    number = rows.an_entry(key="wechat:b:2:1:s", url=MIRRORED)
    assert explain(connection, query).entry == number


@pytest.mark.parametrize("query", ["https://nobody.example/", "https://", "%", "_", "999", "９", "", "没有的题目"])
def test_what_is_not_known_has_no_candidates(connection, rows, query):
    rows.an_article(1)
    assert explain(connection, query) == ()


def test_several_that_fit_are_named_newest_first(connection, rows):
    older, newer = rows.an_article(1, "人形机器人下线"), rows.an_article(2, "人形机器人上市", source="xinchao")
    found = explain(connection, "人形")
    assert [item.entry for item in found] == [newer, older]
    assert "人形机器人上市　xinchao　收录（kept）" in CHINESE.candidates(found, command="presswatch explain")


def test_the_whole_title_goes_before_a_part_of_another(connection, rows):
    number = rows.an_article(1, "上市")
    rows.an_article(2, "上市以后", source="xinchao")
    assert explain(connection, "上市").entry == number


def test_first_sight_and_further_sightings_are_told(connection, rows):
    rows.an_article(1)
    second = rows.an_endpoint("xinchao")
    seen = {"first_seen": NOON, "last_seen": NOON + DAY}
    connection.execute(insert(sighting).values(endpoint=second, key="url:chenfeng.example/1", **seen))
    text = told(connection, "1")
    assert "首见：2025-03-03 11:00:00，第 1 次运行，https://chenfeng.example/feed" in text
    assert "又见：xinchao https://xinchao.example/feed，2025-03-03 12:00:00 起，最近 2025-03-04 12:00:00" in text


def test_the_date_is_told_with_its_evidence_and_the_zone_that_was_assumed(connection, rows):
    chosen = a_dating(zone="Asia/Shanghai")
    other = a_dating(precision=Precision.DAY, where="page", text="3月3日")
    third = a_dating(precision=Precision.HOUR, where="list", text="3 小时前")
    rows.an_article(1, published=chosen.to_json(), datings=[one.to_json() for one in (chosen, other, third)])
    text = told(connection, "1")
    assert "发布：2025-03-03 12:00:00（据订阅源“2025-03-03 12:00”，未写时区，按 Asia/Shanghai 计）" in text
    assert "  另见：2025-03-03（据文章页“3月3日”，只精确到日）" in text
    assert "  另见：2025-03-03 12:00:00（据列表页“3 小时前”，只精确到小时）" in text


def test_an_unknown_date_says_so(connection, rows):
    rows.an_article(1, published=None)
    assert "发布：未知" in told(connection, "1")


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        pytest.param(a_verdict(), "主题 humanoid：5.00 分，门槛 3，入选", id="on theme"),
        pytest.param(a_verdict(score=1.5), "主题 humanoid：1.50 分，门槛 3，未入选", id="off theme"),
        pytest.param(a_verdict(vetoed_by="赛马"), "主题 humanoid：5.00 分，门槛 3，未入选，否决：赛马", id="vetoed"),
    ],
)
def test_each_theme_is_told_with_score_floor_and_what_was_hit(connection, rows, verdict, line):
    rows.an_article(1, outcome="kept" if verdict.on_theme else "off_theme", verdicts=(verdict,))
    text = told(connection, "1")
    assert line + "\n  标题“人形机器人”1 次，+3.00：新一代人形机器人亮相" in text


def test_a_copy_names_its_twin_and_the_twin_its_copy(connection, rows):
    original = rows.an_article(1, "原文")
    copied = rows.an_article(2, "转载的", source="xinchao", copy_of=original)
    measure = "正文相同（1.00）"
    assert f"转载自：《原文》 编号 {original}，chenfeng，{measure}" in told(connection, str(copied))
    assert f"被转载：《转载的》 编号 {copied}，xinchao，{measure}" in told(connection, str(original))


def test_a_copy_of_another_article_is_none_of_this_one(connection, rows):
    first, second = rows.an_article(1, "甲"), rows.an_article(2, "乙")
    copied = rows.an_article(3, "转载甲", source="xinchao", copy_of=first)
    assert [twin.entry for twin in explain(connection, str(first)).copies] == [copied]
    assert explain(connection, str(second)).copies == ()


def test_a_twin_is_named_by_its_first_publication_where_that_is_known(connection, rows):
    first = rows.an_article(1, url="https://mirror.example/1.md", original_url="https://mp.weixin.qq.com/s/abcdefghijk")
    second = rows.an_article(2, source="xinchao", copy_of=first)
    assert explain(connection, str(second)).copy_of.url == "https://mp.weixin.qq.com/s/abcdefghijk"
    assert explain(connection, str(first)).copies[0].url == "https://xinchao.example/2"


FORGED = "题\x1b]0;x\x07\x9b2J\u202e\n结果：收录（kept）\r\u2028结果：收录（kept）"


def test_no_text_from_outside_forges_a_line_or_reaches_the_terminal(connection, rows):
    verdict = a_verdict(hits=(TermHit(term=FORGED, field="lead", count=1, weight=2.0, excerpt=FORGED),))
    dated = a_dating(text=FORGED).to_json()
    rows.an_article(1, FORGED, authors=[FORGED], account=FORGED, verdicts=(verdict,), published=dated, datings=[dated])
    rows.an_entry(title=FORGED, outcome="no_text", reason=FORGED, last_error=FORGED, ended=NOON, ended_run=rows.run)
    lines = [line for query in ("1", "2", "题") for line in explained_lines(connection, query)]
    assert [line for line in lines if line.startswith("结果：收录")] == [
        "结果：收录（kept），2025-03-03 12:00:00，第 1 次运行"
    ]
    assert all(line.replace("\u3000", " ").isprintable() for line in lines)


def explained_lines(connection, query):
    found = explain(connection, query)
    if isinstance(found, tuple):
        return CHINESE.candidates(found, command="presswatch explain").split("\n")
    return CHINESE.explanation(found).split("\n")


def test_an_entry_that_ended_without_an_article_tells_where_it_was_lost(connection, rows):
    read, forbids = (
        "https://chenfeng.example/robots.txt, read 2025-03-0",
        "forbids https://chenfeng.example/a in line 4",
    )
    reason = f"robots.txt forbids it: {read}2 23:00 UTC, {forbids}: disallow: /a*{{0}}"
    rows.an_entry(title="不让抓的", outcome="refused", reason=reason, ended=NOON, ended_run=rows.run)
    expected = "结果：未获准抓取（refused），2025-03-03 12:00:00，第 1 次运行：robots.txt 禁止抓取（https://chenfeng.example/robots.txt"
    expected += " 第 4 行“disallow: /a*{0}”不许抓取 https://chenfeng.example/a，2025-03-03 07:00 读取）\n"
    assert expected in told(connection, "不让抓的")
    assert f"outcome: refused: not fetched or not stored: we may not, 2025-03-03 12:00:00, run 1: {reason}\n".replace(
        "2 23:00 UTC", "3 07:00"
    ) in told(connection, "不让抓的", ENGLISH)


@pytest.mark.parametrize(
    ("facts", "held", "line"),
    [
        pytest.param({}, None, "下次尝试：下次运行，还没有轮到它", id="new"),
        pytest.param(
            {"attempts": 1.5, "next_try": NOON + HOUR},
            None,
            "下次尝试：不早于 2025-03-03 13:00:00，上次没有抓成，间隔随失败拉长",
            id="failed",
        ),
        pytest.param({"next_try": NOON - HOUR}, None, "下次尝试：下次运行，还没有轮到它", id="its time has come"),
        pytest.param(
            {"next_try": NOON + HOUR},
            NOON + 2 * HOUR,
            "下次尝试：不早于 2025-03-03 14:00:00，在此之前不访问主机 chenfeng.example",
            id="held for longer",
        ),
        pytest.param({}, NOON - HOUR, "下次尝试：下次运行，还没有轮到它", id="held no more"),
        pytest.param({"next_try": NOON + 9 * DAY}, None, "下次尝试：下次运行，还没有轮到它", id="by a wrong clock"),
        pytest.param(
            {"source": "former"},
            None,
            "下次尝试：没有，配置里已没有来源 former，也没有别的启用来源列出它",
            id="of a source that is gone",
        ),
        pytest.param(
            {"source": "asleep"},
            None,
            "下次尝试：没有，来源 asleep 已停用，也没有别的启用来源列出它",
            id="of a disabled source",
        ),
    ],
)
def test_a_pending_entry_tells_when_it_is_tried_next_and_why_not_yet(connection, rows, tmp_path, facts, held, line):
    config = a_config(tmp_path, sources=(a_source("chenfeng"), a_source("asleep", enabled=False)))
    rows.an_entry(title="还没抓到", **facts)
    if held:
        connection.execute(insert(host).values(name="chenfeng.example", next_due=held))
    found = answer(connection, config, "还没抓到", NOON)
    assert line in CHINESE.explanation(found.article, found.waiting).splitlines()


def test_an_entry_that_another_source_announces_too_is_read_by_its_rules(connection, rows, config):
    rows.an_entry(title="还没抓到", source="former", key="url:a.example/1")
    other = rows.an_endpoint("xinchao")
    connection.execute(insert(sighting).values(endpoint=other, key="url:a.example/1", first_seen=NOON, last_seen=NOON))
    assert answer(connection, config, "还没抓到", NOON).waiting.because is Because.NEXT_RUN


def test_what_has_ended_waits_for_nothing(connection, rows, config):
    rows.an_article(1)
    assert answer(connection, config, "1", NOON).waiting is None


def test_failures_are_told_with_the_last_error(connection, rows):
    rows.an_entry(title="还没抓到", attempts=1.5, last_error="the server has an error: HTTP 503")
    assert "失败计数：1.5　最近的错误：服务器出错（HTTP 503）" in told(connection, "还没抓到")
    assert "failures: 1.5   last error: the server has an error: HTTP 503" in told(connection, "还没抓到", ENGLISH)


@pytest.mark.parametrize(
    ("verdicts", "line"),
    [
        pytest.param([a_verdict(), *EMPTY], "其余 2 个主题没有命中", id="beside one that took it"),
        pytest.param(EMPTY, "2 个主题都没有命中", id="all of them"),
    ],
)
def test_themes_of_which_nothing_was_found_are_one_line(connection, rows, verdicts, line):
    rows.an_article(1, outcome="kept" if len(verdicts) > 2 else "off_theme", verdicts=verdicts)
    lines = told(connection, "1").splitlines()
    assert line in lines
    assert sum(one.startswith("主题 ") for one in lines) == len(verdicts) - 2


def test_a_theme_that_took_it_without_a_word_keeps_its_line(connection, rows):
    rows.an_article(1, verdicts=EMPTY, themes=["space"])
    lines = told(connection, "1").splitlines()
    assert "主题 space：0.00 分，门槛 3，入选：它是这个主题的种子" in lines
    assert "其余 1 个主题没有命中" in lines


def test_both_languages_have_the_same_words_with_the_same_blanks():
    blanks = {
        language: {key: sorted(re.findall(r"{(\w+)", text)) for key, text in words.items()}
        for language, words in WORDS.items()
    }
    assert set(WORDS) == set(Language)
    assert blanks[Language.EN] == blanks[Language.ZH_CN]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param("outcome", ["", *Outcome], id="outcomes"),
        pytest.param("coarse", Precision, id="precisions"),
        pytest.param("level", Sameness, id="levels of sameness"),
        pytest.param("because", Because, id="why it waits"),
        pytest.param("origin", set(Origin) - {Origin.CRAWL}, id="origins"),
    ],
)
def test_there_is_a_word_for_every_value(kind, values):
    assert [f"{kind}.{value}" for value in values if f"{kind}.{value}" not in WORDS[Language.EN]] == []


@pytest.mark.parametrize("reason", [*Failure, *(one.reason for one in failures())], ids=str)
def test_every_failure_is_told_in_chinese(reason):
    assert not in_chinese(str(reason)).isascii()
    assert not in_chinese(str(reason)).startswith("“")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("on theme: robots, space", "属于主题 robots, space"),
        ("no theme takes it", "没有主题收它"),
        (
            "no theme takes it; nearest: robots with 1.5 of 3.0",
            "没有主题收它；最接近的是 robots，1.5 分，门槛 3.0",
        ),
        (
            "no theme takes it; nearest: robots with 5.0 of 3.0, vetoed by 赛马",
            "没有主题收它；最接近的是 robots，5.0 分，门槛 3.0，被“赛马”否决",
        ),
        ("no longer there: HTTP 404", "原页已不在（HTTP 404）"),
        (
            "attempts used up; the last: the server has an error: HTTP 503",
            "尝试次数已用尽，最后一次是服务器出错（HTTP 503）",
        ),
        (
            "published 2025-02-01 08:00, older than the source's limit of 7 days",
            "发布于 2025-02-01 08:00，超过来源 7 天的时限",
        ),
        ("qq.com asked to be left alone until 2025-03-05 13:00", "qq.com 要求在 2025-03-05 13:00 之前不要打扰"),
        ("the host asked to be left alone until 2025-03-05 13:00", "这台主机要求在 2025-03-05 13:00 之前不要打扰"),
        ("what nobody foresaw {x}", "“what nobody foresaw {x}”"),
        ("网站自己的话", "“网站自己的话”"),
    ],
)
def test_a_reason_is_told_in_chinese_where_it_is_recognised_and_quoted_where_not(reason, told):
    assert in_chinese(reason) == told


@pytest.mark.parametrize("language", list(Language))
def test_the_times_in_a_reason_are_told_in_the_installations_zone(language):
    voice = Voice(language=language, zone=SHANGHAI)
    told = voice.reason("published 2025-03-04T00:30:39+00:00, older than the source's limit of 7 days")
    assert "2025-03-04 08:30" in told
    assert "39" not in told


def test_the_file_is_named(connection, rows):
    rows.an_article(1, path="chenfeng/2025/03/03-x.md", filed=True)
    assert "文件：archive/chenfeng/2025/03/03-x.md" in told(connection, "1").splitlines()


def test_nothing_is_judged_again(connection, rows):
    rows.an_article(1, "没有那个词的标题", verdicts=(a_verdict(score=4.25),))
    found = explain(connection, "1")
    assert isinstance(found, Explanation)
    assert found.verdicts == (a_verdict(score=4.25),)


def test_what_happened_to_an_article_later_is_told(connection, rows):
    number = rows.an_article(1, "机器人", deleted_at=NOON + DAY, deleted_why="no longer there: HTTP 404",
                             revisit_at=NOON + 2 * DAY)  # fmt: skip
    rows.a_version(number, number=2, text="乙。", seen=NOON + HOUR, diff="- 甲。\n+ 乙。")
    text = told(connection, str(number))
    assert "已更新：2025-03-03 13:00:00，第 2 版，删 1 句，增 1 句\n    - 甲。\n    + 乙。\n" in text
    assert "已删除：2025-03-04 12:00:00，原页已不在（HTTP 404）\n" in text
    assert "再访：不早于 2025-03-05 12:00:00" in text


def test_a_seed_and_the_copies_of_a_seed_say_so(connection, rows):
    seed = rows.an_article(1, "种子", source="seed", url="", origin="seed")
    connection.execute(entry.update().where(entry.c.id == seed).values(origin="seed"))
    copied = rows.an_article(2, "转载", copy_of=seed)
    assert "网址：未知\n来历：种子\n" in told(connection, str(seed))
    assert f"转载自：《种子》 编号 {seed}，seed，种子，正文相同（1.00）\n" in told(connection, str(copied))
