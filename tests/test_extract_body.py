"""A known body → Markdown."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.markup import parse
from pipelines.extract.body import markdown_of
from pipelines.extract.plain import plain_text

TABLE = "| 甲 | 乙 |\n| --- | --- |\n| 1\\|2 | 3 |"


def markdown(inner):
    return markdown_of(parse(f"<html><body><div id=b>{inner}</div></body></html>").xpath("//*[@id='b']")[0])


@pytest.mark.parametrize(
    ("html", "written"),
    [
        pytest.param("<p>一。</p><p>二。</p>", "一。\n\n二。", id="paragraphs"),
        pytest.param("一。<br><br>二。<br>三。", "一。\n\n二。\n\n三。", id="broken-lines"),
        pytest.param("<section><section>一。</section><span>二</span>三</section>", "一。\n\n二三", id="sections"),
        pytest.param("<p>第一\n  行</p><p>one\n two</p>", "第一行\n\none two", id="line-ends-mean-nothing"),
        pytest.param("<p>\u00a0\u3000 一&nbsp;二</p>", "一 二", id="indents"),
        pytest.param("<h2>题</h2><h4><b>小</b>题</h4>", "## 题\n\n#### 小题", id="headings"),
        pytest.param("<h2><div>题</div><div>目</div></h2>", "## 题 目", id="heading-of-blocks"),
        pytest.param(
            "<h3><img src='http://a.cn/b'>题</h3><h3> </h3>", "![](http://a.cn/b)\n\n### 题", id="image-in-heading"
        ),
        pytest.param("<p>一<b>二</b><strong>三</strong>四</p>", "一**二三**四", id="bold"),
        pytest.param("<p><b>“引。”</b>他说</p>", "**“引。”** 他说", id="bold-beside-punctuation"),
        pytest.param("<b>一<br>二</b>", "**一**\n\n**二**", id="bold-over-lines"),
        pytest.param("<strong><p>一</p><p>二</p></strong>", "**一**\n\n**二**", id="bold-over-blocks"),
        pytest.param("<p>是<em>真的</em>，<i>“假”</i></p>", "是*真的*，“假”", id="italic-where-it-is-read-as-such"),
        pytest.param("<p>a <s>b</s> <del>c</del></p>", "a ~~b~~ ~~c~~", id="struck-out"),
        pytest.param("<p>用 <code>a**b_c</code></p>", "用 `a**b_c`", id="code"),
        pytest.param("<p><code>a</code><code>b</code></p>", "`ab`", id="two-codes"),
        pytest.param("<pre>if a:\n    b</pre>", "```\nif a:\n    b\n```", id="code-block"),
        pytest.param("<pre><code>a</code><code>b</code></pre>", "```\na\nb\n```", id="code-a-line-each"),
        pytest.param("<pre>```</pre>", "````\n```\n````", id="code-with-a-fence"),
        pytest.param("<a href='http://a.cn/(b) c'>甲[1]</a>", "[甲\\[1\\]](http://a.cn/%28b%29%20c)", id="link"),
        pytest.param("<a href='javascript:x'>甲</a><a href='#b'>乙</a><a>丙</a>", "甲乙丙", id="links-to-nowhere"),
        pytest.param(
            "<a href='http://a.cn'><img src='http://a.cn/b' alt='图[1]'></a>",
            "![图 1](http://a.cn/b)",
            id="linked-image",
        ),
        pytest.param("<p>前<img src='http://a.cn/b'>后</p>", "前![](http://a.cn/b)后", id="image-in-a-sentence"),
        pytest.param("<img src='data:x'><img>", "", id="images-without-address"),
        pytest.param(
            "<figure><img src='http://a.cn/b'><figcaption>图说</figcaption></figure>",
            "![](http://a.cn/b)\n\n图说",
            id="caption",
        ),
        pytest.param("<blockquote>甲<p>乙</p></blockquote>", "> 甲\n>\n> 乙", id="quote"),
        pytest.param("<ul><li>甲<li><p>乙</p><p>丙</p></ul>", "- 甲\n- 乙\n  丙", id="list"),
        pytest.param("<ol start=3><li>甲<ul><li>乙</ul><li>丙</ol>", "3. 甲\n   - 乙\n4. 丙", id="nested-list"),
        pytest.param("<ul><li>甲</li><ul><li>乙</li></ul></ul>", "- 甲\n    - 乙", id="list-in-a-list"),
        pytest.param("<ul><li></li></ul>", "", id="empty-list"),
        pytest.param("<table><tr><th>甲<th>乙<tr><td>1|2<td>3</table>", TABLE, id="table"),
        pytest.param("<table><tr><td>甲<p>乙</p></td></tr></table>", "甲\n\n乙", id="layout-table"),
        pytest.param("<p>2*3*4 与 a_b_c [注] &lt;b></p>", "2\\*3\\*4 与 a\\_b\\_c \\[注] \\<b>", id="signs-stay-signs"),
        pytest.param("<p># 号</p><p>1. 点</p><p>- 横</p>", "\\# 号\n\n1\\. 点\n\n\\- 横", id="no-block-by-chance"),
        pytest.param("<p>显</p><p style='display: none'>隐</p><script>x</script><style>y</style>", "显", id="unseen"),
        pytest.param("<p style='visibility:hidden;opacity:0'>显</p>", "显", id="what-scripts-will-show"),
        pytest.param("<hr><p>一</p>", "一", id="rule"),
    ],
)
def test_a_body_is_written_as_it_is(html, written):
    assert markdown(html) == written


def test_what_lies_very_deep_is_still_read():
    assert "深处的字" in markdown("<div>" * 200 + "深处的字" + "</div>" * 200)
    assert "深处的字" in markdown("<span>" * 200 + "深处的字" + "</span>" * 200)


WORDS = st.text("春夏秋冬东南西北abc12", min_size=1, max_size=6)
TAGS = st.sampled_from("p div span b em a section li h2 blockquote td tr ul table code figure i".split())


@st.composite
def trees(draw, depth=4):
    if not depth or draw(st.booleans()):
        return draw(WORDS)
    tag = draw(TAGS)
    inner = "".join(draw(st.lists(trees(depth=depth - 1), max_size=4)))
    return f"<{tag}>{inner}</{tag}>"


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(trees(), max_size=5))
def test_no_word_is_lost_and_none_is_added(pieces):
    inner = "".join(pieces)
    body = parse(f"<html><body><div id=b>{inner}</div></body></html>").xpath("//*[@id='b']")[0]
    words = re.sub(r"\s", "", "".join(body.itertext()))
    assert re.sub(r"\s", "", plain_text(markdown_of(body))) == words
