"""What can be wrong with the archive: a closed set of findings, each with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was found."""

    DATABASE = "database"  # SQLite's own checks failed
    VERSION = "version"  # an article has none, or its text is not what was hashed
    COPY = "copy"  # an article's copy group is not whole
    MISSING = "missing"  # a row names a file that is not there
    EDITED = "edited"  # the file is neither what was written nor what its rows render
    STALE = "stale"  # the file is what was written, and its rows render something else now
    UNREADABLE = "unreadable"  # a file or folder cannot be read
    UNKNOWN = "unknown"  # a Markdown file that no row names
    LEFTOVER = "leftover"  # the temporary file of a writer that died
    KEPT_ASIDE = "kept_aside"  # an edited file under the name it was set aside by: no fault


_RESTORE = "restore the last backup that verifies"
_ADVICE = {
    Kind.DATABASE: _RESTORE,
    Kind.VERSION: f"something else wrote into the database: {_RESTORE}",
    Kind.COPY: f"something else wrote into the database: {_RESTORE}",
    Kind.MISSING: "presswatch archive rebuild writes it again",
    Kind.EDITED: "presswatch archive rebuild keeps it under another name and writes the file again",
    Kind.STALE: "presswatch archive rebuild writes it anew",
    Kind.UNREADABLE: "give the user that runs presswatch the right to read it, and verify again",
    Kind.UNKNOWN: "it is left alone: move it out of the archive folder, or delete it",
    Kind.LEFTOVER: "presswatch archive rebuild removes it",
    Kind.KEPT_ASIDE: "take from it what you need, then delete it",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    kind: Kind
    detail: str  # the facts of this one
    path: str = ""  # below the archive folder; "" where it is about rows
    entry: int | None = None

    @property
    def advice(self) -> str:
        return _ADVICE[self.kind]

    @property
    def is_fault(self) -> bool:
        return self.kind is not Kind.KEPT_ASIDE
