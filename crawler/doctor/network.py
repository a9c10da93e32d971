"""What a request needs of this machine before it leaves. Nothing is sent."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from crawler.doctor.model import Finding, fault, note, ok, warning

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


def check_proxies(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The environment's proxies, which presswatch does not use: a proxy would resolve names in its stead."""
    found = [name for name, value in environ.items() if name.lower() in _PROXIES and value]
    if found:
        told = f"{', '.join(sorted(found))} is set, and presswatch connects without a proxy"
        todo = "where only a proxy leads out, let this machine connect directly; else nothing is to be done"
        yield note("proxy", told, todo)
