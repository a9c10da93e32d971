"""YAML text → plain data with the line of every value. Faults are collected, none stops the reading of the rest."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from crawler.config.report import Fault, KeyPath, colon_hint, spell_path, spell_value
from crawler.config.secrets import SecretError, Secrets

_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")  # $${NAME} is the text ${NAME}
# What "\\ud800" and "\\x1b" in double quotes stand for: control characters and halves of characters.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SHOWN = 80  # characters of what a fault quotes
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
# What PyYAML says (a part of it) → what a person can act on. The first that fits is taken.
_PLAIN_WORDS = (
    ("found character '\\t'", "a tab stands here; indent with spaces"),
    ("mapping values are not allowed", "a colon that does not fit here; put a value that holds ': ' into quotes"),
    ("expected <block end>", "this line is not indented like the lines it belongs to"),
    ("could not find expected ':'", "a key without its colon, or text that must stand in quotes"),
    ("unexpected end of stream", "a quote is opened and never closed"),
    ("found unknown escape", "a backslash that means nothing inside double quotes; use single quotes"),
    ("expected ',' or ']'", "a list opened with [ is not closed, or lacks a comma"),
    ("expected ',' or '}'", "a mapping opened with { is not closed, or lacks a comma"),
    ("found '<stream end>'", "a [ or { above is opened and never closed"),
    ("expected the node content", "a closing bracket or a comma that has no partner"),
    ("cannot start any token", "a value that begins with this character must stand in quotes"),
    ("but found another document", "a second document begins; one file holds one"),
    ("undefined alias", "a value that begins with * must stand in quotes"),
    ("while scanning an alias", "a value that begins with * must stand in quotes"),
    ("while scanning an anchor", "a value that begins with & must stand in quotes"),
)


@dataclass(kw_only=True)
class Document:
    """One YAML file as plain data. `data` is an empty mapping when the file holds nothing."""

    file: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    spelt: dict[KeyPath, str] = field(default_factory=dict)  # numbers, dates, yes and no as the file spells them
    written: dict[KeyPath, str] = field(default_factory=dict)  # texts as they stood before ${NAME} was replaced
    unfilled: dict[KeyPath, str] = field(default_factory=dict)  # the same, and those that have $${NAME} alone
    refused: set[KeyPath] = field(default_factory=set)  # values that have their fault and need no second one
    faults: list[Fault] = field(default_factory=list)
    readable: bool = True  # False: not YAML at all, `data` says nothing

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the innermost thing around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def shown(self, path: KeyPath, value: object) -> str:
        """`value` as the file has it, fit for a report."""
        return self.spelt[path] if path in self.spelt else spell_value(self.written.get(path, value))

    def fault(self, path: KeyPath, rule: str, *, value: str = "", hint: str = "") -> Fault:
        return Fault(file=self.file, line=self.line(path), key=spell_path(path), value=value, rule=rule, hint=hint)

    def refuse(self, path: KeyPath, rule: str, hint: str) -> None:
        """Add the one fault that the value at `path` has."""
        value = self.shown(path, {})
        self.refused.add(path)
        self.faults.append(self.fault(path, rule, value=value, hint=hint))


def names_in(text: str) -> list[str]:
    """The names of ${NAME} in a text as it is written."""
    return [name for escape, name in _VARIABLE.findall(text) if not escape]


def escaped_names_in(text: str) -> list[str]:
    """Those of $${NAME}."""
    return [name for escape, name in _VARIABLE.findall(text) if escape]


def unescaped(text: str) -> str:
    """A text as it is written, with its names left in it and $${NAME} as the text it stands for."""
    return _VARIABLE.sub(lambda match: match[0][1:] if match[1] else match[0], text)


def read_document(file: str, raw: bytes, secrets: Secrets) -> Document:
    """Read one YAML file; `file` is the name faults carry.

    A value's ${NAME} is replaced by what `secrets` finds; $${NAME} stands for itself. Keys that stand twice, aliases,
    tags, names nothing is found for and broken YAML become faults of the document.
    """
    document = Document(file=file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unreadable(document, line, "not UTF-8 text", "save the file as UTF-8")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _unreadable(document, line, f"a control character (U+{error.character:04X}) stands here", "delete it")
    except yaml.MarkedYAMLError as error:
        return _unreadable(document, *explain(error, text))
    except RecursionError:
        return _unreadable(document, 1, "lists or mappings are nested too deeply", "")
    document.data = {}
    if root is not None:
        document.data = _Reader(document, secrets).read(root, ())
    return document


def _unreadable(document: Document, line: int, rule: str, hint: str) -> Document:
    document.faults.append(Fault(file=document.file, line=line, rule=rule, hint=hint))
    document.readable = False
    return document


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str, str]:
    """Line, rule and hint of a syntax error in `text`, in words a person can act on."""
    problem = f"{error.context or ''} {error.problem or ''}"
    words = next((plain for part, plain in _PLAIN_WORDS if part in problem), problem.strip())
    # Where something begins that does not end, the beginning is the place to look at.
    begins = any(part in words for part in ("and never closed", "is not closed", "without its colon"))
    mark = error.context_mark if begins and error.context_mark else error.problem_mark
    if mark is None:
        return 1, f"not YAML: {words}", ""
    # A line whose colon is none goes on into the next one, and the fault shows there.
    lines = text.split("\n")[max(0, mark.line - 1) : mark.line + 1]
    hint = colon_hint("\n".join(lines))
    if not hint and "a mapping opened with {" in words:
        hint = 'between { and } a text with { } ? : or a comma in it must stand in straight quotes: "…"'
    return mark.line + 1, f"not YAML (column {mark.column + 1}): {words}", hint


class _Reader:
    """Walks the nodes of one document."""

    def __init__(self, document: Document, secrets: Secrets) -> None:
        self._document = document
        self._secrets = secrets
        self._scalars = yaml.SafeLoader("")
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            # Also what keeps a value that contains itself, or one that unfolds without end, from being walked.
            return self._refuse(path, "an alias (*name) is not understood", "write the value out")
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in _PLAIN_TAGS:
            return self._refuse(path, f"a tag ({node.tag}) is not understood", "delete it")
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._mapping(node, path)

    def _mapping(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(path, "a key must be a word", "")
                continue
            if _UNSTORABLE.search(key_node.value):
                self._refuse(
                    path, f"a key holds a character that nothing can show: {ascii(key_node.value)[:_SHOWN]}", ""
                )
                continue
            inner = (*path, key_node.value)
            line = key_node.start_mark.line + 1
            if key_node.value in read:
                self._twice(inner, line)
                continue
            self._document.lines[inner] = line
            read[key_node.value] = self.read(value_node, inner)
        return read

    def _twice(self, path: KeyPath, line: int) -> None:
        first = self._document.line(path)
        rule = f"this key stands twice, first in line {first}"
        self._document.faults.append(
            Fault(file=self._document.file, line=line, key=spell_path(path), rule=rule, hint="delete one of them")
        )

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        try:
            value = self._scalars.construct_object(node)
        except yaml.YAMLError:
            return self._refuse(path, f"a tag ({node.tag}) is not understood", "delete it")
        except ValueError:  # looks like a date or a number and is none, 2025-02-30 say
            value = node.value
        if isinstance(value, str):
            return self._text(value, path)
        self._document.spelt[path] = node.value
        return value

    def _text(self, value: str, path: KeyPath) -> Any:
        found = _UNSTORABLE.search(value)
        if found is None:
            return self._fill_in(value, path)
        self._document.spelt[path] = ascii(value)[:_SHOWN]
        return self._refuse(
            path, f"the character U+{ord(found[0]):04X} stands here, which nothing can show", "delete it"
        )

    def _fill_in(self, text: str, path: KeyPath) -> str:
        names = names_in(text)
        if _VARIABLE.search(text):
            self._document.unfilled[path] = text
        if names:
            self._document.written[path] = text
        elif _VARIABLE.search(text):
            self._document.spelt[path] = spell_value(text)
        found: dict[str, str] = {}
        for name in dict.fromkeys(names):
            try:
                found[name] = self._secrets.find(name)
            except SecretError as error:
                self._refuse(path, error.rule, error.hint)
        return _VARIABLE.sub(lambda match: match[0][1:] if match[1] else found.get(match[2], match[0]), text)

    def _refuse(self, path: KeyPath, rule: str, hint: str) -> None:
        self._document.refuse(path, rule, hint)
