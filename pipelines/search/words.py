"""The words of an answer, in both languages. A test holds every key against the other table's."""

from crawler.config.models import Language

WORDS: dict[Language, dict[str, str]] = {
    Language.ZH_CN: {
        "nothing": "没有找到：{query}",
        "total": "共 {total} 篇",
        "total.cut": "共 {total} 篇，以下是前 {shown} 篇",
        "untitled": "（无标题）",
        "seed": "种子",
        "kept_at": "{time} 入库",
        "list": "、",
        "off_theme": "不在任何主题内",
        "copies": "另有转载 {count} 篇",
        "entry": "编号 {entry}",
    },
    Language.EN: {
        "nothing": "nothing found: {query}",
        "total": "found: {total}",
        "total.cut": "found: {total}; these are the first {shown}",
        "untitled": "(no title)",
        "seed": "a seed",
        "kept_at": "stored {time}",
        "list": ", ",
        "off_theme": "on none of the themes",
        "copies": "further copies: {count}",
        "entry": "entry {entry}",
    },
}
