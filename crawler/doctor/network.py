"""What a request needs of this machine before it leaves. Nothing is sent."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from crawler.config.models import Config
from crawler.config.values import proxy_place
from crawler.doctor.model import Finding, fault, listed, note, ok, warning

RESOLVER = Path("/etc/resolv.conf")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_CERTIFICATES = "install the system's package ca-certificates, or name a bundle in SSL_CERT_FILE"


def trust() -> ssl.SSLContext:
    """Whom the crawler trusts: as Scrapy makes its context, which asks less than ssl.create_default_context may.

    Raises:
        OSError: the trust store cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


def check_certificates(context: ssl.SSLContext | None = None, folder: Path | None = None) -> Finding:
    """Whether there are certificates to believe publishers by.

    Args:
        context: None: the crawler's.
        folder: of certificates that are read when one is asked for; None: OpenSSL's own.
    """
    try:
        known = (context or trust()).cert_store_stats()["x509_ca"]
    except OSError as error:
        return fault("certificates", f"the trust store cannot be read: {type(error).__name__}", _CERTIFICATES)
    paths = ssl.get_default_verify_paths()
    place = Path(paths.capath or paths.openssl_capath) if folder is None else folder
    if known:
        return ok("certificates", f"{known} authorities are trusted, from {paths.cafile or place}")
    if place.is_dir() and any(place.iterdir()):
        return ok("certificates", f"authorities are trusted by the files in {place}")
    return fault("certificates", "no authority is trusted: every publisher's certificate is refused", _CERTIFICATES)


def check_resolver(file: Path = RESOLVER) -> Finding:
    """Whether a name server is configured."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        told = f"{file} cannot be read: {error.strerror}"
        return warning("resolver", told, "name a server there, or try presswatch doctor --online")
    servers = [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]
    if not servers:
        return warning("resolver", f"{file} names no server", "add a line: nameserver ADDRESS")
    return ok("resolver", f"{', '.join(servers)}, from {file}")


def check_proxies(environ: Mapping[str, str], config: Config | None) -> Iterator[Finding]:
    """The proxies of the config, which look names up in presswatch's stead; and the environment's, which it ignores."""
    used = _used(config) if config else {}
    for place, names in used.items():
        told = f"{listed(names)} through the proxy {place}: it looks names up, so their addresses cannot be checked"
        yield warning("proxy", told, "have the proxy refuse private networks and cloud metadata, and allow few ports")
    found = [name for name, value in environ.items() if name.lower() in _PROXIES and value]
    if found:
        without = "that is ignored" if used else "presswatch connects without a proxy"
        told = f"{', '.join(sorted(found))} is set, and {without}"
        yield note("proxy", told, "where only a proxy leads out, name it as proxy in presswatch.yaml")


def _used(config: Config) -> dict[str, list[str]]:
    """Host and port of each proxy, and the enabled sources that are asked through it."""
    used: dict[str, list[str]] = {}
    for source in config.enabled_sources:
        place = proxy_place(config.proxy_of(source.name))
        if place is not None:
            used.setdefault(str(place), []).append(source.name)
    return used
