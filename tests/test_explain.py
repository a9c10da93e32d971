"""Every article answers why it is where it is, from what was stored."""

from zoneinfo import ZoneInfo

import pytest
from archive_rows import DAY, HOUR, NOON, Rows, a_dating, a_verdict
from sqlalchemy import insert

from crawler.database import Database
from crawler.items import Precision, TermHit
from crawler.tables import entry, sighting
from pipelines.archive.explain import Explanation, explain
from pipelines.archive.explain_text import candidates_text, explanation_text

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def connection(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/explain.db")
    with database.write() as opened:
        yield opened
    database.close()


@pytest.fixture
def rows(connection):
    return Rows(connection)


def told(connection, query):
    return explanation_text(explain(connection, query), SHANGHAI)


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
    assert "人形机器人上市　xinchao　收录（kept）" in candidates_text(found)


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
    text = candidates_text(found) if isinstance(found, tuple) else explanation_text(found, SHANGHAI)
    return text.split("\n")


def test_an_entry_that_ended_without_an_article_tells_where_it_was_lost(connection, rows):
    rows.an_entry(title="不让抓的", outcome="refused", reason="robots.txt forbids /a", ended=NOON, ended_run=rows.run)
    expected = "结果：未获准抓取（refused），2025-03-03 12:00:00，第 1 次运行：robots.txt forbids /a"
    assert expected in told(connection, "不让抓的")


def test_a_pending_entry_tells_its_failures_and_next_try(connection, rows):
    rows.an_entry(title="还没抓到", attempts=1.5, last_error="503 from chenfeng.example", next_try=NOON + HOUR)
    text = told(connection, "还没抓到")
    assert "结果：待抓取\n" in text
    assert "失败计数：1.5　最近的错误：503 from chenfeng.example\n下次尝试：不早于 2025-03-03 13:00:00" in text


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
    assert "已删除：2025-03-04 12:00:00，no longer there: HTTP 404\n" in text
    assert "再访：不早于 2025-03-05 12:00:00" in text


def test_a_seed_and_the_copies_of_a_seed_say_so(connection, rows):
    seed = rows.an_article(1, "种子", source="seed", url="", origin="seed")
    connection.execute(entry.update().where(entry.c.id == seed).values(origin="seed"))
    copied = rows.an_article(2, "转载", copy_of=seed)
    assert "网址：未知\n来历：种子\n" in told(connection, str(seed))
    assert f"转载自：《种子》 编号 {seed}，seed，种子，正文相同（1.00）\n" in told(connection, str(copied))
