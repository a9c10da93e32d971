"""The words of status, in both languages. A test holds every key against the other table's."""

from crawler.config.models import Language
from pipelines.health import words_en, words_zh

WORDS: dict[Language, dict[str, str]] = {Language.EN: words_en.WORDS, Language.ZH_CN: words_zh.WORDS}
