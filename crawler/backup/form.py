"""The form of a backup: a gzipped tar whose first member says what it is, and whose last seals all others.

manifest.json    what made it, when, at which schema, and how much it holds
presswatch.db    the database, one file
config/ archive/ digests/ captures/
SHA256SUMS       a line for each member before it, in their order; `sha256sum -c` reads it
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "presswatch.db"
SUMS = "SHA256SUMS"
CONFIG, ARCHIVE, DIGESTS, CAPTURES = FOLDERS = ("config", "archive", "digests", "captures")

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    presswatch: str  # the version that made it
    schema: str  # the revision its database is at
    created: datetime
    captures: bool  # whether they are in it
    entries: int
    articles: int
    versions: int
    digests: int

    def to_json(self) -> bytes:
        facts = {"format": FORMAT, **asdict(self), "created": self.created.isoformat()}
        return json.dumps(facts, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """
        Raises:
            ValueError: it is none, or one of another format.
        """
        try:
            facts = json.loads(content)
            if facts.pop("format") != FORMAT:
                raise ValueError("another format")
            return cls(**{**facts, "created": datetime.fromisoformat(facts["created"])})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no manifest") from error


class Sums:
    """The hashes of members in their order, kept on disk: a backup may hold more files than memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, name: str, digest: str) -> None:
        self._file.write(sum_line(name, digest))

    def reread(self) -> IO[bytes]:
        self._file.seek(0)
        return self._file


@contextmanager
def kept_sums() -> Iterator[Sums]:
    with tempfile.TemporaryFile() as file:
        yield Sums(file)


def sum_line(name: str, digest: str) -> bytes:
    """As sha256sum writes it: a name with a line end or a backslash is escaped, and its line begins with one."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest}  {escaped}\n".encode("utf-8", "surrogateescape")


class Hashing:
    """Reads a file and knows the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO | IO[bytes]) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()

    def read(self, size: int = _CHUNK) -> bytes:
        content: Any = self._file.read(size)
        self._sha256.update(content)
        return bytes(content)

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()
