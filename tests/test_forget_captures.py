"""What a real crawl read and captured is forgotten: no byte of the data folder names it, compressed ones included."""

import gzip
from datetime import timedelta
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from rig import START, Answer, article_page

from crawler.cli import cli

TITLE, OTHER = "无人问津的那一台机器人", "人人都看的那一台机器人"
FIRST, LATER = "独一无二的开头，" * 12, "后来改过的开头，" * 12
BODY = "机器人走进了工厂的装配线，工程师们在旁边记录它的每一个动作。" * 4
NEEDLES = [TITLE.encode(), FIRST[:8].encode(), LATER[:8].encode(), b"alpha.example/seven", b"beta.example/final-seven"]
HEAD = "# 【观潮】文章列表\n\n[**返回列表页**](/gzh/gzh_list)\n\n## 文章列表\n"
ROW = "- [{0}](http://mp.weixin.qq.com/s/{1}) |  [备份查看](/gzh/backup/观潮/{0})\n    - 时间：2025-03-03\n\n"


def call(rig, *arguments, hours=0.0):
    now = (START + timedelta(hours=hours)).isoformat()
    options = ["--config", rig.config, "--data", rig.data, "--now", now, "--route", rig.route]
    result = CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")
    assert result.exit_code == 0, result.stderr
    return result.stdout


def content_of(path):
    """A file's bytes, and what is compressed in it."""
    data = path.read_bytes()
    return data + gzip.decompress(data) if path.suffix == ".gz" else data


def named_in(rig, needles):
    """(needle, file) of what content or name of any file below the data folder holds."""
    return {
        (needle.decode(), path.relative_to(rig.data).as_posix())
        for path in rig.data.rglob("*")
        for needle in needles
        if needle in (content_of(path) if path.is_file() else b"") + str(path).encode()
    }


@pytest.fixture
def crawled(rig, site):
    """Two articles: one led elsewhere, was read twice and stands in a digest; its source polled again meanwhile."""
    seven, eight = (f"https://alpha.example/{name}" for name in ("seven", "eight"))
    rows = [f"<item><title>{title}</title><link>{url}</link></item>" for title, url in ((TITLE, seven), (OTHER, eight))]
    list_of = '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{}</channel></rss>'
    site.routes["alpha.example/feed"] = [Answer(list_of.format(rows[0])), Answer(list_of.format("".join(rows)))]
    site.routes["alpha.example/seven"] = Answer(status=301, headers={"Location": "/hop"})
    site.routes["alpha.example/hop"] = Answer(status=302, headers={"Location": "https://beta.example/final-seven"})
    pages = [Answer(article_page(TITLE, f"{start}\n{BODY}")) for start in (FIRST, LATER)]
    site.routes["beta.example/final-seven"] = pages
    site.routes["alpha.example/eight"] = Answer(article_page(OTHER, BODY + "它是另外一台。" * 20))
    call(rig, "crawl")
    call(rig, "crawl", "--then-digest", hours=1)
    call(rig, "crawl", "--then-digest", hours=25)
    return rig


@pytest.mark.parametrize("query", ["https://alpha.example/seven", "url:alpha.example/seven"])
def test_no_byte_names_what_was_crawled_and_captured(crawled, query):
    assert crawled.query("SELECT count(*) FROM version") == [(3,)]
    before = named_in(crawled, NEEDLES)
    assert {needle for needle, _ in before} == {needle.decode() for needle in NEEDLES}
    assert {needle for needle, file in before if file.startswith("captures/")} >= {TITLE, FIRST[:8], LATER[:8]}
    told = call(crawled, "forget", query, "--reason", "律师函", "--yes", hours=26)
    assert named_in(crawled, NEEDLES) == set()
    assert crawled.query("SELECT url FROM capture") == [("https://alpha.example/eight",)]
    assert {file.split("/")[0] for _, file in named_in(crawled, [OTHER.encode()])} == {
        "archive", "captures", "digests", "presswatch.db",
    }  # fmt: skip
    assert " captures, 1 digests made again" in told


def test_no_byte_names_what_a_mirror_brought_however_its_list_is_addressed(rig, site):
    rig.source("guanchao", "https://mirror.example/#/gzh/观潮", kind="wechat_mirror")
    (rig.config / "sources" / "alpha.yaml").unlink()
    listed = HEAD + ROW.format(TITLE, "sevensevens") + ROW.format(OTHER, "eighteights")
    site.routes[f"mirror.example{quote('/gzh/观潮.md')}"] = Answer(listed)
    for title, start in ((TITLE, FIRST), (OTHER, LATER)):
        head = f"# {title}\n\n[**返回列表页**](/gzh/观潮)\n\n小懒自动备份，仅供查阅学习\n\n"
        site.routes[f"mirror.example{quote(f'/gzh/backup/观潮/{title}.md')}"] = Answer(f"{head}{start}\n\n{BODY}")
    call(rig, "crawl", "--then-digest")
    assert set(rig.query("SELECT outcome FROM entry")) == {("kept",)}
    needles = [TITLE.encode(), quote(TITLE).encode(), FIRST[:8].encode(), b"sevensevens"]
    assert {needle for needle, _ in named_in(rig, needles)} == {needle.decode() for needle in needles}
    call(rig, "forget", "https://mp.weixin.qq.com/s/sevensevens", "--reason", "律师函", "--yes", hours=1)
    assert named_in(rig, needles) == set()
    assert {needle for needle, _ in named_in(rig, [quote(OTHER).encode(), LATER[:8].encode()])} == {
        quote(OTHER),
        LATER[:8],
    }
