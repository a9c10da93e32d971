"""The contact: whom a publisher can write to. It stands in the user agent, and nobody is asked without one."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from crawler.config.places import shipped_config
from crawler.config.report import ConfigError, Fault, PlainFaultError
from crawler.config.secrets import Secrets
from crawler.config.values import check_printable
from crawler.config.yaml_lines import Document, read_document
from crawler.hosts import RESERVED_NAMES
from crawler.urls import UrlError, check_fetchable, host_of

_FILE, _KEY = "presswatch.yaml", ("contact",)
_EXPECTED = "expected a page that you answer for, https://…, or a mail address"
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9.-]{1,253})")
# They stand where a name is still to be filled in.
_TO_BE_FILLED_IN = frozenset({"changeme", "yourdomain", "your-domain", "mydomain", "example"})


def check_header(value: str) -> str:
    """Refuse what would break the comment of a user agent (RFC 9110, section 10.1.5), or be read differently there.

    Raises:
        PlainFaultError: it does.
    """
    if not check_printable(value).isascii():
        raise PlainFaultError("holds other than ASCII; write an address in punycode and percent-encoded")
    found = next((sign for sign in value if sign in "()\\"), "")
    if found:
        raise PlainFaultError(f"holds a {found}, which ends or breaks the user agent it is sent in")
    return value


Contact = Annotated[str, AfterValidator(check_header)]


def why_no_contact(contact: str) -> str:
    """Why no publisher can use it; "" when one can."""
    if not contact:
        return f"publishers are told whom to write to, and nobody is asked without; {_EXPECTED}"
    mail = _MAIL.fullmatch(contact)
    if mail:
        host = mail[1]
    else:
        try:
            host = check_fetchable(contact).hostname or ""
        except UrlError:
            return _EXPECTED
    return "" if _is_somebodys(host.lower().rstrip(".")) else f"nobody can be reached there; {_EXPECTED}"


def _is_somebodys(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_global
    except ValueError:
        labels = host.split(".")
    if len(labels) < 2 or not all(labels) or labels[-1] in RESERVED_NAMES:
        return False
    try:
        domain = host_of(f"https://{host}/")
    except UrlError:  # no name of a host
        return False
    return domain.split(".")[0] not in _TO_BE_FILLED_IN


def require_contact(folder: Path, contact: str) -> None:
    """Refuse to ask anybody without a contact.

    Args:
        folder: of the configuration.
        contact: as it was read from there.

    Raises:
        ConfigError: no publisher can use it. It names the line, as every fault of a configuration does.
    """
    why, place = why_no_contact(contact), folder / _FILE
    if not why:
        return
    hint = f"write contact: https://… or contact: name@… into {place}"
    if folder == shipped_config():
        hint += ", or begin a configuration of your own with presswatch init DIR"
    document = _document(place)
    if document is None or _KEY not in document.lines:
        raise ConfigError([Fault(file=_FILE, key="contact", rule=why, hint=hint)], folder)
    raise ConfigError([document.fault(_KEY, why, value=document.shown(_KEY, contact), hint=hint)], folder)


def _document(place: Path) -> Document | None:
    """The file, without what secrets hold; None where there is none to read."""
    try:
        return read_document(_FILE, place.read_bytes(), Secrets({}))
    except OSError:
        return None
