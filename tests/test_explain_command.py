"""presswatch explain after a real crawl: each stage answers, in two languages, and as one documented JSON shape."""

import json
import shlex

import jsonschema
import pytest
from click.testing import CliRunner
from rig import START, Answer, article_page, feed

from crawler.cli import cli
from crawler.cli.schemas import schema_file

HOST = "https://alpha.example"
KEPT = article_page("机器人进厂")
PAGES = {
    "kept": KEPT,
    "copy": KEPT,
    "off": article_page("港口", "今天的港口很安静，船都停着，码头上没有人，风从海上吹来。" * 9),
    "empty": "<html><body><p>一</p></body></html>",
}
ROBOTS = "User-agent: *\nDisallow: /refused\n"


@pytest.fixture
def lived(rig, site):
    """A run over an article for each way to end."""
    names = [*PAGES, "busy", "gone", "refused", "noarchive"]
    old = feed(f"{HOST}/stale", title="旧闻", published="Sat, 01 Feb 2025 07:00:00 +0800")
    both = feed(*(f"{HOST}/{name}" for name in names)).replace("</channel>", old[old.index("<item>") :])
    site.routes |= {
        "alpha.example/robots.txt": Answer(ROBOTS),
        "alpha.example/feed": Answer(both.replace("</channel></rss></channel></rss>", "</channel></rss>")),
        "alpha.example/busy": Answer(status=503),
        "alpha.example/noarchive": Answer(KEPT, headers={"X-Robots-Tag": "noarchive"}),
        **{f"alpha.example/{name}": Answer(page) for name, page in PAGES.items()},
    }
    rig.crawl()
    return rig


@pytest.fixture
def call(lived):
    def call(*arguments, language="zh-CN"):
        places = ["--config", str(lived.config), "--data", str(lived.data), "--now", START.isoformat()]
        return CliRunner().invoke(cli, [*places, *arguments], prog_name="presswatch", env={"PRESSWATCH_LANG": language})

    return call


@pytest.fixture
def explained(call):
    """The document of `explain --json`, which keeps to its schema."""
    schema = json.loads(schema_file("explain").read_text("utf-8"))

    def explained(query):
        result = call("explain", query, "--json")
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        jsonschema.validate(document, schema)
        assert set(document) == set(schema["properties"])
        return document

    return explained


@pytest.mark.parametrize(
    ("name", "outcome", "told"),
    [
        ("kept", "kept", ("结果：收录（kept），", "：属于主题 robots", "outcome: kept: kept, ")),
        ("copy", "copy", ("结果：转载，折叠在原文之下（copy），", "的正文相同", "outcome: copy: a copy, folded")),
        ("off", "off_theme", ("结果：不在任何主题内（off_theme），", "没有主题收它", "outcome: off_theme: on none")),
        ("empty", "no_text", ("结果：页面没有正文（no_text），", "个字，至少应有 20 个", "outcome: no_text: its page")),
        ("busy", "", ("结果：待抓取\n", "最近的错误：服务器暂不可用（HTTP 503）", "outcome: pending\n")),
        ("gone", "gone", ("结果：原页已不在（gone），", "：原页已不在（HTTP 404）", "outcome: gone: its page is no")),
        (
            "refused",
            "refused",
            (
                "结果：未获准抓取（refused），",
                f"：robots.txt 禁止抓取（{HOST}/robots.txt 第 2 行“disallow: /refused”不许抓取 {HOST}/refused，",
                f"{HOST}/robots.txt, read 2025-03-03 08:00, forbids {HOST}/refused in line 2: disallow: /refused\n",
            ),
        ),
        ("noarchive", "refused", ("结果：未获准抓取（refused），", "响应头写着 noarchive", "outcome: refused: not")),
        ("stale", "stale", ("结果：超过来源的时限，未抓取（stale），", "超过来源 7 天的时限", "outcome: stale: older")),
    ],
)
def test_each_stage_answers_why(call, explained, name, outcome, told):
    article = explained(f"{HOST}/{name}")["article"]
    assert (article["outcome"], article["announced_by"]) == (outcome, f"{HOST}/feed")
    result, reason, english = told
    chinese = call("explain", f"{HOST}/{name}").stdout
    assert result in chinese
    assert reason in chinese
    text = call("explain", f"{HOST}/{name}", language="en").stdout
    assert english in text
    assert "first seen: 2025-03-03 08:00:0" in text


def test_what_waits_says_until_when(explained, call):
    document = explained(f"{HOST}/busy")
    assert document["waiting"]["because"] == "failed"
    assert document["waiting"]["until"] == document["article"]["next_try"] > START.isoformat()
    assert "next try: not before 2025-03-03 08:" in call("explain", f"{HOST}/busy", language="en").stdout


def test_several_are_candidates_and_the_hint_can_be_pasted(lived, call, explained):
    document = explained("机器人消息")
    assert document["article"] is None
    assert len(document["candidates"]) > 2
    [first, *others] = call("explain", "机器人消息").stdout.splitlines()
    hint = first.removeprefix("符合的有以下几篇，请用编号再问：").removesuffix(" 编号")
    places = ["--config", str(lived.config), "--data", str(lived.data)]
    assert shlex.split(hint) == ["presswatch", *places, "explain"]
    number = others[0].split("　")[0].strip()
    assert explained(number)["article"]["entry"] == int(number)


def test_without_folders_the_hint_names_none(lived, monkeypatch):
    monkeypatch.setenv("PRESSWATCH_CONFIG", str(lived.config))
    monkeypatch.setenv("PRESSWATCH_DATA", str(lived.data))
    monkeypatch.setenv("PRESSWATCH_LANG", "en")
    told = CliRunner().invoke(cli, ["explain", "机器人消息"]).stdout
    assert told.startswith("several fit; ask again by number: presswatch explain NUMBER\n")


def test_a_forgotten_article_is_one_document_of_that_shape(call, explained):
    assert call("forget", f"{HOST}/kept", "--reason", "律师函", "--yes").exit_code == 0
    document = explained(f"{HOST}/kept")
    assert (document["article"], document["candidates"]) == (None, [])
    assert document["forgotten"]["reason"] == "律师函"
    assert call("explain", f"{HOST}/kept", language="en").stdout.startswith("forgotten on demand at 2025-03-03 08:00")


def test_a_source_that_is_switched_off_is_told(lived, call, explained):
    assert explained(f"{HOST}/kept")["source_disabled"] is None
    lived.source(enabled=False, disabled_because="closed")
    assert explained(f"{HOST}/kept")["source_disabled"] == "closed"
    told = call("explain", f"{HOST}/kept", language="en").stdout
    assert told.endswith("its source is disabled: closed\n")
    assert 'because": "disabled' in call("explain", f"{HOST}/busy", "--json").stdout
