"""One tokenizer for both databases: what a word's tokens are depends on nothing around it."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.text import one_line
from pipelines.search.tokens import fold, tokenizer, tokens

# Whoever changes an expectation here raises TOKENIZER_VERSION: stored indexes hold the old tokens.
TABLE = [
    pytest.param("人形机器人", "人形 形机 机器 器人 人", id="pairs and the last character"),
    pytest.param("火", "火", id="a single character"),
    pytest.param("中国。人民", "中国 国 人民 民", id="punctuation ends a run"),
    pytest.param("人形\n机器", "人形 形 机器 器", id="a line end ends a run"),
    pytest.param("中国DeepSeek发布R1模型", "中国 国 deepseek 发布 布 r1 模型 型", id="Latin inside Chinese"),
    pytest.param("GPT-4o", "gpt 4o", id="a hyphen"),
    pytest.param("4.5亿", "4 5 亿", id="a decimal"),
    pytest.param("ＧＰＴ４，５Ｇ手机", "gpt4 5g 手机 机", id="full width"),
    pytest.param("機器學習", "机器 器学 学习 习", id="traditional"),
    pytest.param("乾坤 乾燥", "干坤 坤 干燥 燥", id="a character has one form in every word"),
    pytest.param("Straße ÉTÉ e\u0301te\u0301", "strasse été été", id="case and composition"),
    pytest.param("人形\u200b机器\u00ad人", "人形 形机 机器 器人 人", id="what is not seen"),
    pytest.param("人\u200d形", "人形 形", id="a joiner"),
    pytest.param("ロボット", "ロボ ボッ ット ト", id="kana"),
    pytest.param("ﾛﾎﾞｯﾄ", "ロボ ボッ ット ト", id="half-width kana"),
    pytest.param("인공지능이", "인공 공지 지능 능이 이", id="hangul"),
    pytest.param("佐々木〇", "佐々 々木 木〇 〇", id="repetition mark and zero"),
    pytest.param("𠮷野家", "𠮷野 野家 家", id="beyond the first plane"),
    pytest.param("㎏ ① ½", "kg 1 1 2", id="compatibility signs"),
    pytest.param("हिन्दी", "हनद", id="marks that stay on their own vanish"),
    pytest.param("，。！？ \n-_—“”", "", id="punctuation alone"),
    pytest.param("\ud800人\udfff形", "人形 形", id="halves of characters"),
    pytest.param("", "", id="nothing"),
    pytest.param("x" * 1000, "x" * 64, id="data is cut"),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_the_tokens_of(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    "pair", [("機器學習", "机器学习"), ("ＤｅｅｐＳｅｅｋ", "deepseek"), ("臺灣", "台湾")], ids="|".join
)
def test_spellings_that_are_alike(pair):
    assert tokens(pair[0]) == tokens(pair[1])


@given(st.text())
@example("İstanbul ǅ ŉ ﬃ")
def test_tokens_hold_letters_and_digits_only(text):
    found = tokens(text)
    assert all(token.isalnum() for token in found.split(" ")) or not found
    assert found == tokens(text)


HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=6)


@given(st.text(), HAN, st.text())
def test_a_word_has_the_same_form_in_every_neighbourhood(before, word, after):
    composed = unicodedata.normalize("NFKC", after[:1])
    if composed and unicodedata.category(composed[0]).startswith("M"):
        return  # a mark belongs to the character before it
    assert fold(word) in fold(before + word + after)
    assert fold(before) + fold(word) == fold(before + word)


@given(st.text())
def test_only_what_is_seen_counts(text):
    assert tokens(one_line(text)) == tokens(text)


def test_every_character_folds_to_letters_and_digits():
    wrong = [
        code
        for code in range(sys.maxunicode + 1)
        if not fold(chr(code)).replace(" ", "a").isalnum() and fold(chr(code))
    ]
    assert wrong == []


def test_the_name_of_the_tokenizer_tells_what_its_tokens_depend_on():
    assert f"Unicode {unicodedata.unidata_version}" in tokenizer()
    assert "OpenCC 1." in tokenizer()
