"""The config folder → one checked Config, or one report of everything that is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crawler.config.check import check_document
from crawler.config.kept import add_faults_of_secrets, kept_values, uses_of
from crawler.config.models import Config, Model, Settings, Source, Subscription, Theme
from crawler.config.places import KNOWN_FILES, SOURCES, shipped_config
from crawler.config.references import check_names
from crawler.config.report import ConfigError, Fault, KeyPath
from crawler.config.secrets import Secrets
from crawler.config.sent import SentSecrets
from crawler.config.sites import expanded, faults_of_endpoints
from crawler.config.yaml_lines import Document, read_document


class ThemesFile(Model):
    """themes.yaml."""

    themes: tuple[Theme, ...]


class SubscriptionsFile(Model):
    """subscriptions.yaml."""

    subscriptions: tuple[Subscription, ...]


def load_config(
    folder: Path, *, environ: Mapping[str, str], watch: Callable[[str, str], None] = lambda name, value: None
) -> Config:
    """Read and check the whole configuration.

    A file that `folder` lacks is the shipped one; sources are never taken from elsewhere. Of shipped subscriptions
    those are left out that want a theme the folder's own themes.yaml does not have.

    Args:
        folder: What `crawler.config.places.find_config` found.
        environ: Where ${NAME} in a value is looked up, see `crawler.config.secrets`.
        watch: Is told each name and value that is found, also where there are faults.

    Raises:
        ConfigError: with every fault of every file.
    """
    if not folder.is_dir():
        raise ConfigError([Fault(file=str(folder), rule="this config folder does not exist")])
    secrets = Secrets(environ, watch)
    documents = {name: _read(folder, _or_shipped(folder, name), secrets) for name in KNOWN_FILES}
    sources = [_read(folder, path, secrets) for path in _source_files(folder)]
    settings = check_document(documents["presswatch.yaml"], Settings)
    themes = check_document(documents["themes.yaml"], ThemesFile)
    subscriptions = check_document(documents["subscriptions.yaml"], SubscriptionsFile)
    checked = [_source(document, secrets) for document in sources]
    are_own = _or_shipped(folder, "subscriptions.yaml").parent == folder
    check_names(sources, documents["themes.yaml"], documents["subscriptions.yaml"], are_own=are_own)
    faults = [*_misnamed(folder), *_faults_of([*documents.values(), *sources])]
    if faults or settings is None or themes is None or subscriptions is None:
        raise ConfigError(faults, folder)
    return Config(
        folder=folder,
        settings=settings,
        sources=tuple(source for source in checked if source is not None),
        themes=themes.themes,
        subscriptions=tuple(item for item in subscriptions.subscriptions if are_own or _fits(item, themes)),
        secrets=_sent(sources, checked, secrets),
    )


def _sent(documents: Iterable[Document], sources: Iterable[Source | None], secrets: Secrets) -> SentSecrets:
    pairs = zip(documents, sources, strict=True)
    uses = [use for document, source in pairs if source is not None for use in uses_of(document, source.name)]
    values = secrets.values
    return SentSecrets({use.name: values[use.name] for use in uses}, uses)


def _source(document: Document, secrets: Secrets) -> Source | None:
    """The source of a file, with what is known of its site. It has ${NAME} for the secrets that it sends."""
    add_faults_of_secrets(document, secrets.values)
    source = check_document(document, Source)
    if source is None:
        return None
    if not document.refused:
        source = Source.model_validate(kept_values(document))
    source = expanded(source)
    for path, rule, hint in faults_of_endpoints(source):
        fault = _fault(document, path, rule, hint)
        if fault is not None:
            document.faults.append(fault)
    return source


def _fault(document: Document, path: KeyPath, rule: str, hint: str) -> Fault | None:
    """A fault of what a value means, at the innermost key of `path` that the file writes; None where it has one."""
    while path not in document.lines:
        path = path[:-1]
    if path in document.refused:
        return None
    value: Any = document.data
    for part in path:
        value = value[part]
    if path in document.written:
        rule = "the value behind it does not fit this key"  # it came from the environment, and the rule may quote it
    return document.fault(path, rule, value=document.shown(path, value), hint=hint)


def _or_shipped(folder: Path, name: str) -> Path:
    place = folder / name
    # A link that leads nowhere was meant to be read; it must not be passed over in silence.
    return place if place.exists() or place.is_symlink() else shipped_config() / name


def _fits(subscription: Subscription, themes: ThemesFile) -> bool:
    return subscription.themes == "all" or {theme.name for theme in themes.themes}.issuperset(subscription.themes)


def _source_files(folder: Path) -> list[Path]:
    # Never the shipped ones: a mistyped folder must not send requests to a stranger's site.
    place = folder / SOURCES
    if not place.is_dir():
        return []  # told by `_misnamed`, or by the run as having nothing to watch
    return sorted(path for path in place.iterdir() if path.suffix == ".yaml" and not path.name.startswith("."))


def _read(folder: Path, path: Path, secrets: Secrets) -> Document:
    shown = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        fault = Fault(file=shown, rule=f"the file cannot be read: {error.strerror}")
        return Document(file=shown, faults=[fault], readable=False)
    return read_document(shown, raw, secrets)


def _faults_of(documents: Iterable[Document]) -> Iterator[Fault]:
    for document in documents:
        yield from sorted(document.faults, key=lambda fault: fault.line)


def _misnamed(folder: Path) -> Iterator[Fault]:
    """Files that were surely meant to be read, and would be passed over in silence."""
    for path in sorted(folder.glob("*.y*ml")):
        meant = get_close_matches(f"{path.stem}.yaml", KNOWN_FILES, n=1, cutoff=0.85)
        missed = meant and path.name not in KNOWN_FILES
        if missed and (path.stem == Path(meant[0]).stem or not (folder / meant[0]).exists()):
            yield Fault(file=path.name, rule="not a file presswatch reads", hint=f"rename it to {meant[0]}")
    place = folder / SOURCES
    if place.exists() and not place.is_dir():
        yield Fault(file=SOURCES, rule="expected a folder with one file per source")
        return
    for path in sorted(place.glob("*.yml")):
        if not path.name.startswith("."):
            rule = "only files that end in .yaml are read"
            yield Fault(file=f"{SOURCES}/{path.name}", rule=rule, hint=f"rename it to {path.stem}.yaml")
