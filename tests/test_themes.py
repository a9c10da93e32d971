"""Articles × themes → verdicts."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import SEEN, article, pending

from crawler.config.models import Theme
from crawler.items import Ended
from crawler.outcomes import Outcome
from pipelines.themes.judge import Judge
from pipelines.themes.pipeline import ThemesPipeline


def theme(*plain, name="题", floor=3.0, **words):
    return Theme(name=name, title="题", words={"plain": plain, **words}, floor=floor)


def judge(subject, title="", lead="", text=""):
    return Judge([subject]).judge(title, lead, text)[0]


def hits(verdict):
    return {(hit.term, hit.field): hit.count for hit in verdict.hits}


@pytest.mark.parametrize(
    ("term", "text", "count"),
    [
        pytest.param("AI", "he said so", 0, id="not-inside-a-word"),
        pytest.param("AI", "AI芯片和AI手机", 2, id="beside-han"),
        pytest.param("AI", "ＡＩ与ai", 2, id="width-and-case"),
        pytest.param("AI", "OpenAI", 0, id="not-at-a-words-end"),
        pytest.param("GPT", "GPT4", 0, id="digits-belong-to-the-word"),
        pytest.param("GPT", "GPT-4", 1, id="a-hyphen-does-not"),
        pytest.param("C++", "用C++写", 1, id="signs"),
        pytest.param("机器人", "人形机器人", 1, id="han-inside-han"),
        pytest.param("AI芯片", "AI 芯片", 1, id="the-writers-space"),
        pytest.param("小米 SU7", "小米SU7", 1, id="the-themes-space"),
        pytest.param("open weights", "Open  weights", 1, id="spaces-between-latin-words"),
        pytest.param("open weights", "openweights", 0, id="which-must-be-there"),
        pytest.param("机器人", "机 器 人", 0, id="no-spaces-inside-han"),
    ],
)
def test_latin_terms_are_whole_words_and_han_terms_are_anywhere(term, text, count):
    assert hits(judge(theme(term), text=text)).get((term, "body"), 0) == count


def test_a_term_inside_a_longer_terms_match_counts_once():
    subject = theme("机器人", "人形机器人")
    assert hits(judge(subject, title="人形机器人")) == {("人形机器人", "title"): 1}
    assert hits(judge(subject, title="人形机器人和机器人")) == {("人形机器人", "title"): 1, ("机器人", "title"): 1}


def test_of_two_terms_that_begin_at_one_place_the_longer_counts():
    assert hits(judge(theme("大模型", "大模型训练"), title="大模型训练")) == {("大模型训练", "title"): 1}


def test_terms_that_only_overlap_count_both():
    assert len(judge(theme("大模型", "模型训练"), title="大模型训练").hits) == 2


@pytest.mark.parametrize(
    ("field", "score"),
    [("title", 3.0), ("lead", 2.0), ("text", 0.5)],
)
def test_where_a_term_stands_decides_its_weight(field, score):
    assert judge(theme("电池"), **{field: "固态电池"}).score == score


def test_a_title_alone_is_on_theme_and_a_lead_alone_is_not():
    assert judge(theme("电池"), title="电池和电池").score == 3.0
    assert judge(theme("电池"), title="电池").on_theme
    assert not judge(theme("电池"), lead="电池").on_theme


@pytest.mark.parametrize(("length", "score"), [(10, 0.5), (1000, 0.5), (5000, 0.1), (20_000, 0.025)])
def test_one_word_weighs_less_the_longer_the_text(length, score):
    assert judge(theme("电池"), text="电池" + "文" * (length - 2)).score == pytest.approx(score)


def test_one_term_gives_a_body_at_most_one_point_however_often_it_occurs():
    assert judge(theme("电池"), text="电池" * 500).score == 1.0


def test_a_body_needs_three_terms_that_run_through_it_and_gives_at_most_three_points():
    terms = ["电池", "火箭", "芯片", "智驾", "新药"]
    scores = [judge(theme(*terms), text="".join(terms[:count]) * 50).score for count in (2, 3, 5)]
    assert scores == pytest.approx([2.0, 3.0, 3.0])


@pytest.mark.parametrize(
    ("title", "lead", "text", "veto"),
    [
        ("火箭队赢了", "", "", "火箭队"),
        ("火箭", "火箭队赢了", "", "火箭队"),
        ("火箭", "", "火箭队赢了", ""),
        ("火箭", "", "", ""),
    ],
)
def test_an_excluded_term_vetoes_in_title_and_lead_only(title, lead, text, veto):
    verdict = judge(theme("火箭", excluded=["火箭队"]), title, lead, text)
    assert verdict.vetoed_by == veto
    assert verdict.on_theme is not bool(veto)


@pytest.mark.parametrize(
    ("title", "veto"),
    [("游客乘坐火箭", ""), ("股价坐火箭", "坐火箭"), ("乘坐火箭的人股价坐火箭", "坐火箭"), ("运载火箭队", "火箭队")],
)
def test_an_excluded_term_inside_a_longer_plain_one_does_not_veto(title, veto):
    subject = theme("火箭", "运载火箭", "乘坐火箭", excluded=["坐火箭", "火箭队"])
    assert judge(subject, title).vetoed_by == veto


@pytest.mark.parametrize("field", ["title", "lead", "text"])
def test_one_of_the_required_terms_must_occur_anywhere(field):
    subject = theme("融资", required=["AI", "芯片"])
    fields = {"title": "", "lead": "", "text": ""}
    assert judge(subject, **{**fields, "title": "融资 "}).vetoed_by == "AI / 芯片"
    assert judge(subject, **{**fields, field: "融资的芯片公司"}).vetoed_by == ""


def test_a_regular_expression_is_a_term_in_either_case():
    subject = theme(regex=[r"GPT-\d+", "x*"])
    assert hits(judge(subject, title="gpt-5与GPT-6")) == {(r"GPT-\d+", "title"): 2}


def test_an_excerpt_shows_the_first_occurrence_as_it_was_written():
    text = "前" * 100 + "ﬃ，固态\nＢａｔｔｅｒｙ！" + "后" * 100 + "battery"
    [hit] = judge(theme("battery"), text=text).hits
    assert "固态 Ｂａｔｔｅｒｙ！" in hit.excerpt
    assert 30 <= len(hit.excerpt) <= 45


def test_there_is_one_verdict_a_theme_in_the_configs_order():
    verdicts = Judge([theme("甲", name="一", floor=9.0), theme("乙", name="二")]).judge("乙甲", "", "")
    assert [(verdict.theme, verdict.floor, verdict.on_theme) for verdict in verdicts] == [
        ("一", 9.0, False),
        ("二", 3.0, True),
    ]


@settings(max_examples=200, deadline=None, database=None)
@given(*[st.text("AI芯片大模型训练 机器人\nﬃｘ", max_size=60) for _ in range(3)])
def test_the_hits_explain_the_whole_score(title, lead, text):
    verdict = judge(theme("AI", "芯片", "AI芯片", "大模型", "模型训练", regex=["机.人"]), title, lead, text)
    assert verdict.score == pytest.approx(sum(hit.weight for hit in verdict.hits))
    assert all(hit.count > 0 and hit.weight > 0 and hit.excerpt for hit in verdict.hits)


def pipeline(*themes):
    visit = SimpleNamespace(config=SimpleNamespace(themes=themes))
    return ThemesPipeline.from_crawler(SimpleNamespace(spider=SimpleNamespace(visit=visit)))


def test_the_pipeline_judges_articles_and_hands_on_the_rest():
    ended = Ended(pending=pending(), outcome=Outcome.GONE, reason="404", at=SEEN)
    assert pipeline(theme("电池")).process_item(article(title="固态电池")).themes == ("题",)
    assert pipeline(theme("电池")).process_item(article(title="别的")).themes == ()
    assert pipeline(theme("电池")).process_item(ended) is ended


@pytest.mark.parametrize(
    ("summary", "text", "fields"),
    [
        ("", "文" * 197 + "电池", {"lead", "body"}),
        ("", "文" * 200 + "电池", {"body"}),
        ("讲电池", "文" * 200, {"lead"}),
    ],
)
def test_the_lead_is_the_entrys_summary_else_the_first_200_characters(summary, text, fields):
    [verdict] = pipeline(theme("电池")).process_item(article(text, summary=summary)).verdicts
    assert {hit.field for hit in verdict.hits} == fields
