"""The passage that shows why an article was found: the text's own spelling, whole characters, every hit marked."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.search.query import QueryError, parse
from pipelines.search.snippet import marked, snippet, whole
from pipelines.search.tokens import fold


def shown(text, query):
    return marked(snippet(text, parse(query).wanted), "[", "]")


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        pytest.param("新一代人形机器人亮相", "机器人", "新一代人形[机器人]亮相", id="inside a run"),
        pytest.param("機器學習在台灣", "机器学习 台湾", "[機器學習]在[台灣]", id="traditional"),
        pytest.param("装上ＧＰＴ－４ｏ了", "gpt-4o", "装上[ＧＰＴ－４ｏ]了", id="full width, and a hyphen between"),
        pytest.param("OpenAI 的 AI，ai", "AI", "OpenAI 的 [AI]，[ai]", id="whole words in either case"),
        pytest.param("ABC 人ABC人", "ABC", "[ABC] 人[ABC]人", id="a word between characters"),
        pytest.param("中国DeepSeek，中国人DeepSeek", "中国DeepSeek", "[中国DeepSeek]，中国人DeepSeek", id="both"),
        pytest.param("他是中国。人民", "“中国 人民”", "他是[中国。人民]", id="a phrase over punctuation"),
        pytest.param("中国人民", "“中国 人民”", "中国人民", id="a phrase that is not there"),
        pytest.param("机器人机器", "机器人 器人机", "[机器人机]器", id="hits that overlap are one"),
        pytest.param("cafe\u0301 ﾛﾎﾞｯﾄ", "café ロボット", "[cafe\u0301] [ﾛﾎﾞｯﾄ]", id="composed on the way"),
        pytest.param("共㎏重", "kg", "共[㎏]重", id="one sign for two letters"),
        pytest.param("人形\n\n　　机器人\x1b[31m。\u202e", "机器人", "人形 [机器人][31m。", id="one visible line"),
        pytest.param("人形机\u200b器人", "机器人", "人形[机器人]", id="what is not seen"),
        pytest.param("没有那个词", "机器人", "没有那个词", id="in the title alone"),
        pytest.param("", "机器人", "", id="no text"),
        pytest.param("火", "火", "[火]", id="one character"),
    ],
)
def test_the_passage_of(text, query, expected):
    assert shown(text, query) == expected


FILLER = "这里还有许多别的话要说。"  # 12 characters


@pytest.mark.parametrize(
    ("text", "query", "begins", "ends"),
    [
        pytest.param(FILLER * 20, "机器人", FILLER, "别的话要说。…", id="no hit: the beginning"),
        pytest.param(FILLER * 9 + "于是机器人来了。" + FILLER * 9, "机器人", "…于是", "要说。…", id="in the middle"),
        pytest.param(FILLER * 9 + "机器人来了。", "机器人", "…", "[机器人]来了。", id="near the end"),
        pytest.param("机器人" + "啊" * 200, "机器人", "[机器人]啊", "啊…", id="no sentence to end"),
        pytest.param("啊" * 200 + "机器人", "机器人", "…啊", "啊[机器人]", id="no sentence to begin"),
        pytest.param("机器人。" + FILLER * 20 + "机器人有智能", "机器人 智能", "…", "[机器人]有[智能]", id="both"),
        pytest.param("wonderful " * 30 + "robot" + " wonderful" * 30, "robot", "…wonderful ", "wonderful…", id="words"),
    ],
)  # fmt: skip
def test_a_long_text_is_cut_at_a_sensible_place(text, query, begins, ends):
    found = snippet(text, parse(query).wanted)
    told = marked(found, "[", "]")
    assert told.startswith(begins)
    assert told.endswith(ends)
    assert len(found.text) <= 82
    assert "[" in told or "机器人" not in text


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("e\u0301", id="a letter with its accent"),
        pytest.param("👩🏽", id="a person with her skin"),
        pytest.param("👩\u200d🚀", id="a person with her profession"),
        pytest.param("wonderful ", id="a word"),
    ],
)
@pytest.mark.parametrize("shift", range(4))
def test_no_character_and_no_word_is_cut(unit, shift):
    found = snippet("啊" * shift + unit * 60 + "机器人" + unit * 60, parse("机器人").wanted)
    before, _, after = found.text.strip("…").partition("机器人")
    assert before.lstrip("啊").removesuffix(unit.strip()).replace(unit, "").strip() == ""
    assert after.strip().removesuffix(unit.strip()).replace(unit, "").strip() == ""


def test_a_long_phrase_is_shown_whole():
    phrase = "人形机器人" * 30
    assert f"[{phrase}]" in shown("前面。" * 30 + phrase + "。后面" * 30, phrase)


def test_a_text_full_of_hits_has_as_long_a_passage_as_any():
    found = snippet("的机" * 20_000, parse("的").wanted)
    assert len(found.hits) == 40
    assert len(found.text) == 81


TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("人形機机器，。 A5ａe\u0301\u200d\n")), max_size=300)
WORDS = st.text("人形机器a5 ", min_size=1, max_size=4)


@given(TEXTS, WORDS)
def test_hits_are_places_of_what_was_asked_for(text, query):
    try:
        terms = parse(query).wanted
    except QueryError:
        return
    for found in (snippet(text, terms), whole(text, terms)):
        places = [place for hit in found.hits for place in hit]
        assert places == sorted(places)
        assert all(0 <= start < end <= len(found.text) for start, end in found.hits)
        held = [fold(found.text[start:end]) for start, end in found.hits]
        assert all(any(run.text in one for term in terms for run in term.runs) for one in held)
        assert not any(unicodedata.category(sign) == "Cc" for sign in found.text)
        assert found.text == found.text.strip(" ")
        assert "… " not in found.text[:2] + found.text[-2:] or "…" in text


@given(TEXTS, st.text("人形机器", min_size=1, max_size=3))
def test_what_the_folded_text_holds_is_marked(text, query):
    (term,) = parse(query).wanted
    assert bool(whole(text, [term]).hits) == (fold(query) in fold(text))
    assert bool(snippet(text, [term]).hits) == (fold(query) in fold(text))
