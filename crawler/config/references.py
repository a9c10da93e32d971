"""Names within and across files: none borne twice, none called that nothing bears.

Works on plain data, so that other faults of a file do not hide these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.config.report import KeyPath, nearest
from crawler.config.yaml_lines import Document


@dataclass(frozen=True, kw_only=True)
class _Word:
    """A text that stands somewhere in a file."""

    text: str
    document: Document
    path: KeyPath

    def fault(self, rule: str, hint: str = "") -> None:
        self.document.faults.append(
            self.document.fault(self.path, rule, value=self.document.shown(self.path, self.text), hint=hint)
        )


def check_names(sources: Sequence[Document], themes: Document, subscriptions: Document, *, are_own: bool) -> None:
    """Add to each document the faults of its names, of its endpoints' addresses and of its references.

    `are_own`: the subscriptions were written for these themes.
    """
    source_names = [word for document in sources for word in _texts(document, ("name",))]
    theme_names = list(_texts(themes, ("themes", None, "name")))
    subscription_names = list(_texts(subscriptions, ("subscriptions", None, "name")))
    for words in (source_names, theme_names, subscription_names):
        _refuse_twins(words, "this name")
    for document in sources:
        _refuse_twins(list(_texts(document, ("endpoints", None, "url"))), "this address")
    # A file whose name could not be read may be the one that is meant.
    if themes.readable and are_own:
        _refuse_strangers(subscriptions, "themes", theme_names)
    if themes.data == {"themes": []}:
        _refuse_themeless(subscriptions)
    if len(source_names) == len(sources):
        _refuse_strangers(subscriptions, "sources", source_names)


def _texts(document: Document, way: Sequence[str | None]) -> Iterator[_Word]:
    """The texts at the end of `way`; None in it stands for every place of a list."""
    places: list[tuple[KeyPath, Any]] = [((), document.data)]
    for step in way:
        places = [inner for place in places for inner in _inside(place, step)]
    for path, value in places:
        if isinstance(value, str):
            yield _Word(text=value.strip(), document=document, path=path)


def _inside(place: tuple[KeyPath, Any], step: str | None) -> Iterator[tuple[KeyPath, Any]]:
    path, value = place
    if step is None:
        yield from (((*path, number), item) for number, item in enumerate(value if isinstance(value, list) else ()))
    elif isinstance(value, dict) and step in value:
        yield (*path, step), value[step]


def _refuse_twins(words: Sequence[_Word], what: str) -> None:
    first: dict[str, _Word] = {}
    for word in words:
        # A source's name is a folder of the archive, and some file systems hold A and a for one.
        twin = first.setdefault(word.text.casefold(), word)
        if twin is not word:
            word.fault(f"{what} is taken by {twin.document.file}:{twin.document.line(twin.path)}", "choose another")


def _refuse_strangers(subscriptions: Document, key: str, known: Sequence[_Word]) -> None:
    names = [word.text for word in known]
    shown = [word.text for word in known if word.path not in word.document.written]
    for word in _texts(subscriptions, ("subscriptions", None, key, None)):
        if word.text not in names:
            word.fault(f"there is no such {key.removesuffix('s')}", nearest(word.text, shown, key.removesuffix("s")))


def _refuse_themeless(subscriptions: Document) -> None:
    for word in _texts(subscriptions, ("subscriptions", None, "name")):
        word.fault("a subscription needs a theme, and themes.yaml has none", "add one there")
