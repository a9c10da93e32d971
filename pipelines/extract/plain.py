"""Markdown to plain text, by a CommonMark parser."""

from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Without text_join an escaped star stays apart from one that is the leftover of a mark.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("text_join")
_CJK = ("\u3000", "\u303f"), ("\u3400", "\u9fff"), ("\uf900", "\ufaff"), ("\uff00", "\uffef"), ("\u2018", "\u201d")


def plain_text(markdown: str) -> str:
    """The words of a Markdown body, a paragraph a line: no markup, no link targets, no images, no empty lines."""
    lines: list[str] = []
    for token in _MARKDOWN.parse(markdown):
        if token.type == "inline":
            lines.extend(_inline_text(token.children or ()).split("\n"))
        elif token.type in {"fence", "code_block"}:
            lines.extend(token.content.split("\n"))
    kept = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in kept if line.strip("_*"))  # underscores alone are what is left of emphasis


def linked_images(markdown: str) -> tuple[str, ...]:
    """Addresses of the images in a Markdown body that http or https serves, each once, in order."""
    found = (str(token.attrs.get("src", "")) for token in _inlines(markdown) if token.type == "image")
    return tuple(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))


def is_cjk(character: str) -> bool:
    """Whether words of this character's script are written without spaces: Han, kana, full-width punctuation."""
    return any(first <= character <= last for first, last in _CJK) or "\u3040" <= character <= "\u30ff"


def join_wrapped(before: str, after: str) -> str:
    """Two lines of one paragraph as one: a space between them, unless Chinese stands on both sides."""
    if before and after and is_cjk(before[-1]) and is_cjk(after[0]):
        return before + after
    return f"{before} {after}"


def _inlines(markdown: str) -> Iterator[Token]:
    for token in _MARKDOWN.parse(markdown):
        yield from token.children or ()


def _inline_text(tokens: Iterable[Token]) -> str:
    text = ""
    wrapped = False
    for token in tokens:
        if token.type == "softbreak":
            wrapped = True
        elif token.type == "hardbreak":
            text += "\n"
        elif content := _words(token):
            text = join_wrapped(text, content) if wrapped else text + content
            wrapped = False
    return text


def _words(token: Token) -> str:
    if token.type in {"code_inline", "text_special"}:
        return token.content
    # Beside Han punctuation CommonMark takes ** for no mark of bold, and would leave it in the text.
    return token.content.replace("**", "") if token.type == "text" else ""
