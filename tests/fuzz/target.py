"""A parser as the fuzzers see it: bytes go in, and a result that keeps its laws or a declared error comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pages import SEEN, SHANGHAI

from crawler.items import Answer
from fuzz.laws import check_message

CORPUS = Path(__file__).parent / "corpus"
FIXTURES = Path(__file__).parents[1] / "fixtures"
TYPE = b"Content-Type:"


@dataclass(frozen=True, kw_only=True)
class Target:
    """`laws` is given what `read` gave and the bytes it was given, and raises AssertionError."""

    name: str
    read: Callable[[bytes], Any]
    laws: Callable[[Any, bytes], None]
    declared: tuple[type[Exception], ...] = ()
    more: tuple[str, ...] = ()  # folders beside corpus/<name>, below tests/fixtures or corpus

    def try_with(self, data: bytes) -> Any:
        """What comes out, None for a declared error; every other error is a crash."""
        try:
            result = self.read(data)
        except self.declared as error:
            check_message(str(error))
            return None
        self.laws(result, data)
        return result

    @property
    def corpus(self) -> list[bytes]:
        folders = [CORPUS / self.name, *(FIXTURES / name for name in self.more), *(CORPUS / name for name in self.more)]
        paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        return [path.read_bytes() for path in paths]


def taken_apart(data: bytes) -> tuple[str, bytes]:
    """Content type and body: a first line `Content-Type: …` is the one, without it there is none."""
    if not data.startswith(TYPE):
        return "", data
    line, _, body = data.partition(b"\n")
    return line.removeprefix(TYPE).strip().decode("latin-1"), body


def answer_of(data: bytes, url: str, zone: ZoneInfo = SHANGHAI) -> Answer:
    content_type, body = taken_apart(data)
    return Answer(url=url, body=body, content_type=content_type, at=SEEN, zone=zone)
