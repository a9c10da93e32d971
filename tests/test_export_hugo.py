"""A real Hugo builds the exported section: every page is there, and no article's text is taken for instructions."""

import html
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from archive_rows import a_config, a_dating, a_source
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import Precision
from pipelines.export.choose import Wanted
from pipelines.export.export import export_hugo
from pipelines.export.literal import literal

HUGO = Path(sys.executable).with_name("hugo")
# The typographer is off, so that what is shown can be compared letter by letter.
SITE = """\
title = "站"
baseURL = "https://site.example/"
timeZone = "Asia/Shanghai"
markup.goldmark.extensions.typographer.disable = true
markup.highlight.noClasses = false
"""
LIST = "<h1>{{ .Title }}</h1>{{ range .Pages }}<li>{{ .Title }}</li>{{ end }}"
SINGLE = (
    '<h1>{{ .Title }}</h1><time>{{ if not .Date.IsZero }}{{ .Date.Format "2006-01-02 15:04:05 -0700" }}{{ end }}</time>'
    "<main>{{ .Content }}</main>{{ range .Params.categories }}<i>{{ . }}</i>{{ end }}"
)
TITLES = {
    "quotes": "他说：\"量产\"，'明年'“见”",
    "emoji": "🚀 发射 👩‍🚀：成功",
    "colon": "a: b # c - d",
    "backslash": "C:\\新建\\U0001F680 {{< x >}} & <b>",
    "front matter": "--- 标题 ---",
}


@pytest.fixture
def build(tmp_path):
    """Builds a site around the section `content/news` below `tmp_path`; returns the folder of its pages."""
    return lambda *options: built(tmp_path, *options)


def built(folder, *options):
    (folder / "layouts").mkdir(exist_ok=True)
    (folder / "hugo.toml").write_text(SITE, "utf-8")
    (folder / "layouts" / "list.html").write_text(LIST, "utf-8")
    (folder / "layouts" / "single.html").write_text(SINGLE, "utf-8")
    cache = {"HUGO_CACHEDIR": str(folder / "cache"), "HOME": str(folder), "TMPDIR": str(folder)}
    command = [HUGO, "build", "--source", str(folder), "--noBuildLock", "--quiet", *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **cache})
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "public"


def page_of(public, place):
    return (public / "news" / place / "index.html").read_text("utf-8")


def part(page, tag):
    return re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]


@pytest.fixture
def export(database, tmp_path):
    """Exports into the section, from sources of which one allows the whole text."""

    def run(**options):
        config = a_config(tmp_path, sources=(a_source("chenfeng", rights="full"), a_source("xinchao")))
        return export_hugo(database, config, Wanted(), tmp_path / "content" / "news", **options)

    return run


@pytest.mark.parametrize("plain", [False, True], ids=["with our key", "plain"])
def test_every_page_is_built_with_its_title_its_date_and_its_category(rows, export, build, plain):
    for number, title in enumerate(TITLES.values()):
        rows.an_article(number, title, path=f"chenfeng/2025/03/03-标题-{number}.md")
    rows.an_article(
        7, "A seed in English", source="种子", origin="seed", path="种子/undated/一颗-种子.md", published=None,
        language="en", text="One sentence. Another one.", thumbnail="https://img.example/0",
    )  # fmt: skip
    day = a_dating(datetime(2025, 2, 13, tzinfo=UTC), Precision.DAY).to_json()
    rows.an_article(8, "一天", source="xinchao", path="xinchao/2025/02/13-一天.md", published=day)
    export(plain=plain)
    public = build()
    for number, title in enumerate(TITLES.values()):
        page = page_of(public, f"chenfeng/2025/03/03-标题-{number}")
        assert html.unescape(part(page, "h1")) == title
        assert html.unescape(part(page, "time")) == "2025-03-03 10:00:00 +0800"
        assert part(page, "i") == "chenfeng"
    assert part(page_of(public, "种子/undated/一颗-种子"), "time") == ""
    assert html.unescape(part(page_of(public, "xinchao/2025/02/13-一天"), "time")) == "2025-02-13 00:00:00 +0800"
    for taxonomy in ("categories", "tags"):
        shelf = (public / taxonomy / "chenfeng" / "index.html").read_text("utf-8")
        assert sorted(map(html.unescape, re.findall("<li>(.*?)</li>", shelf))) == sorted(TITLES.values())
        assert (public / taxonomy / "种子" / "index.html").exists()


def test_a_site_in_the_sources_zone_takes_no_page_for_a_future_one(rows, export, build):
    rows.an_article(1, path="chenfeng/1.md")  # published at 10:00 in Shanghai, where it is 10:01
    export()
    assert part(page_of(build("--clock", "2025-03-03T02:01:00Z"), "chenfeng/1"), "h1") == "新一代人形机器人亮相"


BODY = """\
前文 <script>alert(1)</script> 后文 [点我](javascript:alert(2)) <img src=x onerror=alert(3)>

<script>
alert(4)
</script>

# 标题 {style="position:fixed" onclick="alert(5)"}

标题二 {.hidden}
---

{{< figure src="x" >}} 与 {{% note %}}内文{{% /note %}} 和 {{</* 注释 */>}}，{{< 不闭合

    {{< 代码 >}} {{ .Site.Title }}

```js {style="color:red"}
{{% 代码 %}}
```
"""


KEPT = (
    '标题 {style="position:fixed" onclick="alert(5)"}',
    "标题二 {.hidden}",
    '{{< figure src="x" >}} 与 {{% note %}}内文{{% /note %}} 和 {{</* 注释 */>}}，{{< 不闭合',
    "{{< 代码 >}} {{ .Site.Title }}",
    "{{% 代码 %}}",
)


def test_an_articles_body_is_text_and_no_instruction(rows, export, build):
    rows.an_article(1, text=BODY, path="chenfeng/1.md")
    export()
    shown = part(page_of(build(), "chenfeng/1"), "main")
    assert set(re.findall(r"<([a-z]+\d?)", shown)) <= {"p", "h1", "h2", "a", "pre", "code", "div", "span"}
    assert not re.search(r"<[^>]+ (?:style|onclick|class=.hidden|href=.javascript)", shown)
    text = html.unescape(re.sub(r"<[^>]+>", "", shown))
    for kept in KEPT:
        assert kept in text


PIECES = st.sampled_from(["{{<", ">}}", "{{%", "%}}", "{", "}", "/*", "*/", "<", "%", " 一 ", "\n行"])


@settings(max_examples=10, deadline=None)
@given(bodies=st.lists(st.lists(PIECES, min_size=1, max_size=12).map("".join), min_size=1, max_size=40))
def test_whatever_looks_like_a_shortcode_is_shown_as_it_stands(bodies):
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content" / "news").mkdir(parents=True)
        for number, body in enumerate(bodies):
            (folder / "content" / "news" / f"{number}.md").write_text(
                f"---\ntitle: t\n---\n\n始{literal(body)}终\n", "utf-8"
            )
        public = built(folder)
        shown = [part(page_of(public, str(number)), "main") for number in range(len(bodies))]
    for body, page in zip(bodies, shown, strict=True):
        assert letters(html.unescape(re.sub(r"</?(?:p|em|strong)>", "", page))) == letters(f"始{body}终")


def letters(text):
    """Without spaces, and without what marks emphasis in Markdown."""
    return re.sub(r"[\s*]", "", text)


def test_what_is_not_a_page_is_not_published(rows, export, build, tmp_path):
    rows.an_article(1, path="chenfeng/1.md")
    export()
    page = tmp_path / "content" / "news" / "chenfeng" / "1.md"
    page.write_text("edited by hand", "utf-8")
    export()
    public = build()
    assert list(page.parent.glob(".1.md.edited-*"))
    assert {path.name for path in (public / "news").rglob("*") if path.is_file()} == {"index.html", "index.xml"}
    assert not any("edited by hand" in path.read_text("utf-8") for path in public.rglob("*.*ml"))


def test_an_excerpts_page_shows_the_excerpt_and_the_link(rows, export, build):
    rows.an_article(1, text="宇树科技今天在杭州展示了新一代人形机器人。" * 30, source="xinchao", path="xinchao/1.md")
    export()
    shown = part(page_of(build(), "xinchao/1"), "main")
    assert len(html.unescape(re.sub(r"<[^>]+>", "", shown)).replace("xinchao", "").strip()) == 189
    assert '<a href="https://xinchao.example/1">xinchao</a>' in shown
