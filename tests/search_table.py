"""Articles, and queries with what they find among them: the same in every database."""

import pytest

#: Title → text.
STORED = {
    "外交部": "外交部发言人今天说，中国DeepSeek发布R1模型。",
    "學習": "機器學習在台灣。人形機器人，４．５億台。",
    "手机": "ＧＰＴ－4o 装进 5G手机，OpenAI 没有评论。C罗进球。",
    "断句": "他是中国。人民都知道 large language models 这个词。",
}

#: Query, the titles it finds.
QUERIES = [
    pytest.param("外交", "外交部", id="two characters"),
    pytest.param("交部", "外交部", id="inside a word"),
    pytest.param("交", "外交部", id="one character"),
    pytest.param("词", "断句", id="one character at the end of a run"),
    pytest.param("部发言人今", "外交部", id="five characters"),
    pytest.param("deepseek", "外交部", id="Latin inside Chinese"),
    pytest.param("Seek", "", id="a part of a Latin word"),
    pytest.param("AI", "", id="the end of a Latin word"),
    pytest.param("国DeepSeek发", "外交部", id="Chinese and Latin in one word"),
    pytest.param("r1", "外交部", id="a letter and a digit"),
    pytest.param("gpt-4o", "手机", id="a hyphen inside a word"),
    pytest.param("4.5亿", "學習", id="a number with its unit"),
    pytest.param("5G", "手机", id="a word before a character"),
    pytest.param("C罗", "手机", id="a word that ends in one character"),
    pytest.param("机器学习", "學習", id="simplified finds traditional"),
    pytest.param("發言人", "外交部", id="traditional finds simplified"),
    pytest.param("ｇｐｔ", "手机", id="full width finds half width"),
    pytest.param("人形机器人", "學習", id="five characters that were traditional"),
    pytest.param("国人", "", id="over a full stop"),
    pytest.param("中国 人民", "断句", id="two words"),
    pytest.param("中国", "外交部 断句", id="in two articles"),
    pytest.param("中国 -DeepSeek", "断句", id="excluded"),
    pytest.param("中国 -发言", "断句", id="an excluded Chinese word"),
    pytest.param("中国 －言", "断句", id="an excluded character after a full-width minus"),
    pytest.param('中国 -"large language"', "外交部", id="an excluded phrase"),
    pytest.param("中国 DeepSeek -GPT", "外交部", id="excluded and not there"),
    pytest.param('"large language"', "断句", id="a phrase"),
    pytest.param('"language large"', "", id="a phrase in another order"),
    pytest.param("language large", "断句", id="words in another order"),
    pytest.param("“中国”", "外交部 断句", id="Chinese quotes"),
    pytest.param("“中国”-人民", "断句", id="a minus between two words"),
    pytest.param("「中国 人民」", "断句", id="corner brackets, punctuation between"),
    pytest.param("『发布R1』", "外交部", id="white corner brackets"),
    pytest.param("《机器学习》", "學習", id="a title's brackets"),
    pytest.param("发言\"人今", "外交部", id="a quote that nothing closes"),
    pytest.param("中国 & !!", "外交部 断句", id="punctuation among words"),
    pytest.param("title:中国", "", id="a column of FTS5 is no column here"),
    pytest.param("中国 NOT DeepSeek", "", id="an operator of FTS5 is a word here"),
    pytest.param("机*", "學習 手机", id="an asterisk says nothing"),
]  # fmt: skip
