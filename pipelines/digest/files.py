"""The files of a digest: its date and, of the one issued last, `latest`, each in every format.

Nothing is told by the order in which they are written but this: the Markdown of its date comes last. So a digest that
has that one has all of what it says in the others, too, whenever the process dies.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crawler.database import StorageError
from pipelines.archive.files import write_atomically
from pipelines.digest.model import Digest
from pipelines.digest.render import Format, rendered

LATEST = "latest"
_IN_ORDER = (Format.HTML, Format.JSON, Format.MARKDOWN)


@dataclass(frozen=True, kw_only=True)
class IssuedDigest:
    digest: Digest
    texts: Mapping[Format, str]
    path: Path | None  # of its Markdown, the others lie beside it; None for a preview, which is not stored

    @property
    def markdown(self) -> str:
        return self.texts[Format.MARKDOWN]


def write_files(digest: Digest, folder: Path, *, is_latest: bool) -> IssuedDigest:
    """Write the digest in all formats below `folder`.

    Raises:
        StorageError: a file cannot be written.
    """
    texts = rendered(digest)
    shown = path_of(folder, digest.subscription, digest.date)
    with _faults_named(shown):
        for name in ([LATEST] if is_latest else []) + [digest.date]:
            for form in _IN_ORDER:
                write_atomically(folder, _path(digest.subscription, name, form), texts[form])
    return IssuedDigest(digest=digest, texts=texts, path=shown)


def path_of(folder: Path, subscription: str, name: str, form: Format = Format.MARKDOWN) -> Path:
    """The file of the digest of a date, or of the latest."""
    return folder / _path(subscription, name, form)


def is_filed(folder: Path, subscription: str, day: str, *, is_latest: bool) -> bool:
    """Whether every file of the digest of `day` is there.

    Raises:
        StorageError: the folder cannot be read.
    """
    names = [day, LATEST] if is_latest else [day]
    with _faults_named(path_of(folder, subscription, day)):
        return all(path_of(folder, subscription, name, form).is_file() for name in names for form in Format)


def filed_text(folder: Path, subscription: str, day: str) -> str | None:
    """The Markdown of a digest; None where there is none.

    Raises:
        StorageError: it cannot be read.
    """
    path = path_of(folder, subscription, day)
    with _faults_named(path):
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def has_other_files(folder: Path, subscription: str, day: str) -> bool:
    """Whether a digest has a file that is no Markdown."""
    with _faults_named(path_of(folder, subscription, day)):
        return any(path_of(folder, subscription, day, form).is_file() for form in (Format.HTML, Format.JSON))


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = f"the digest {path} cannot be written: {error.strerror or error}"
        raise StorageError(f"{cause}; its cut is stored, and the next call makes its files again") from error


def _path(subscription: str, name: str, form: Format) -> PurePosixPath:
    return PurePosixPath(subscription, f"{name}.{form}")
