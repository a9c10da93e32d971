"""How a fault in what people edit is told: where it stands, what it is, what to do."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

#: The way to a value inside a file: keys and list positions, outermost first.
KeyPath = tuple[str | int, ...]

_SHOWN_LENGTH = 80
# Quotes of a Chinese keyboard; to YAML they are letters.
_QUOTED = re.compile(r"([“”‘’＂「『]).*([“”‘’＂」』])", re.DOTALL)
# Of an address that a file spells out with its password; ${NAME} says nothing. What is not to be shown may hold any
# sign, as people forget to escape them; what is called a password holds none that ends it.
_PASSWORD = re.compile(r"(://[^/?#\s]*?:)(?!\$\{)[^\s]*@")
_CERTAIN_PASSWORD = re.compile(r"://[^/?#\s@]*:(?!\$\{)[^/?#\s@]+@")
_KEY_BEFORE_FULL_WIDTH_COLON = re.compile(r"(?:^|[\s{,])([A-Za-z_]+)\s*：")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong, in one line."""

    file: str  # below the config folder, else the whole path
    line: int = 0  # from 1; 0 means the file or folder as a whole
    key: str = ""  # endpoints[0].every; empty means no single key
    value: str = ""  # as it stands in the file, shortened; never a secret's value
    rule: str  # what was expected, or what is wrong
    hint: str = ""  # what to do, the nearest known name

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.key} = {self.value}" if self.key and self.value else self.key or self.value
        told = f"{self.rule}; {self.hint}" if self.hint else self.rule
        return f"{place}: {subject}: {told}" if subject else f"{place}: {told}"


class PlainFaultError(ValueError):
    """What is wrong with a value, in words that quote nothing of it but one sign: those of a secret may be told."""


class ConfigError(Exception):
    """The configuration cannot be used. `faults` holds all of them; the message is the whole report."""

    def __init__(self, faults: Iterable[Fault], folder: Path | None = None) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        where = f" in {folder}" if folder is not None else ""
        super().__init__("\n".join([f"configuration: {count}{where}", *map(str, self.faults)]))


def spell_path(path: KeyPath) -> str:
    """Spell ("endpoints", 0, "url") as endpoints[0].url."""
    spelt = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return spelt.removeprefix(".")


def spell_value(value: object) -> str:
    """A value as a person wrote it, on one line and not too long; collections and passwords are not shown."""
    if isinstance(value, (dict, list)):
        return ""
    if value is None or isinstance(value, (bool, int, float, str)):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    text = _PASSWORD.sub(r"\1…@", text)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def spells_password(text: str) -> bool:
    """Whether an address in it carries a password that is written out."""
    return _CERTAIN_PASSWORD.search(text) is not None


def nearest(word: str, known: Sequence[str], what: str) -> str:
    """A hint that names the known word most like `word`, or all of them when none is like it and they are few."""
    found = get_close_matches(word, known, n=1)
    if found:
        return f"nearest known {what}: {found[0]}"
    if 0 < len(known) <= 12:
        return f"known: {', '.join(known)}"
    return ""


def quotes_hint(value: str) -> str:
    """What to do about a value between quotes that YAML does not know as such; empty when it is not."""
    quotes = _QUOTED.fullmatch(value)
    return f'{quotes[1]} and {quotes[2]} are part of the value here; type " or no quotes' if quotes else ""


def colon_hint(text: str) -> str:
    """What to do about a key whose colon is the full-width one; empty when there is none."""
    key = _KEY_BEFORE_FULL_WIDTH_COLON.search(text)
    return f"a full-width ： stands behind {key[1]}; type : and a space" if key else ""
