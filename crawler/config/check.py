"""A document against its model: every broken rule, in plain words, at its line."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crawler.config.models import Kind
from crawler.config.report import Fault, KeyPath, PlainFaultError, colon_hint, nearest, quotes_hint
from crawler.config.yaml_lines import Document

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a number that is not infinite",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list",
    "model_type": "expected a mapping, lines of the form key: value",
    "ip_any_network": "expected a network, such as 10.0.0.0/8",
}
_KIND_NAMES = {
    type(None): "nothing",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
# What an address lacks where more is due.
_ADDRESS_HINTS = {"tuple_type": "write [{url: …}]", "model_type": "write {url: …}"}
# What people call the kinds of sources.
_KINDS_BY_OTHER_NAMES = {
    **dict.fromkeys(("rss", "atom", "xml"), Kind.FEED),
    **dict.fromkeys(("html", "list", "page", "web"), Kind.LISTING),
    **dict.fromkeys(("api", "rest", "ajax"), Kind.JSON),
    **dict.fromkeys(("wechat", "weixin", "mirror"), Kind.WECHAT_MIRROR),
    **dict.fromkeys(("tencent", "腾讯"), Kind.QQ),
}
# Errors of a container that are only a consequence when something inside it is wrong as well.
_CONSEQUENCES = frozenset({"literal_error", "too_short"})


def check_document(document: Document, model: type[M]) -> M | None:
    """Build `model` from the document's data, or add what is wrong to the document's faults."""
    if not document.readable:
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        errors = [(_in_file(found["loc"], document.data), found) for found in error.errors(include_url=False)]
    for path, found in _by_path(errors).items():
        if path not in document.refused:
            document.faults.append(_fault(document, model, path, found))
    return None


def _in_file(location: tuple[str | int, ...], data: Any) -> KeyPath:
    """The part of pydantic's location that stands in the file: names of a union's branches are left out."""
    path: list[str | int] = []
    for number, part in enumerate(location):
        last = number == len(location) - 1
        if isinstance(data, Mapping) and isinstance(part, str) and (part in data or last):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _by_path(errors: list[tuple[KeyPath, ErrorDetails]]) -> dict[KeyPath, list[ErrorDetails]]:
    """The errors by place; several at one place are the branches of one union."""
    paths = {path for path, _ in errors}
    grouped: dict[KeyPath, list[ErrorDetails]] = {}
    for path, found in errors:
        has_deeper = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
        if not (has_deeper and found["type"] in _CONSEQUENCES):
            grouped.setdefault(path, []).append(found)
    return grouped


def _fault(document: Document, model: type[BaseModel], path: KeyPath, found: list[ErrorDetails]) -> Fault:
    kind = found[0]["type"]
    if kind == "missing":
        return document.fault(path, "missing; this key must be given")
    value = found[0]["input"]
    written = document.written.get(path)
    # Of a key that is wrong itself, pydantic gives the key for its value.
    shown = "" if found[0]["loc"][-1:] == ("[key]",) else document.shown(path, value)
    if kind == "extra_forbidden":
        return document.fault(path, "unknown key", value=shown, hint=_known_key(model, path))
    if written is not None and any(map(_may_quote, found)):
        # The message of such an error may quote the value, and this one came from the environment.
        return document.fault(path, "the value behind it does not fit this key", value=shown)
    rule = " or ".join(dict.fromkeys(_words(error) for error in found)).replace(" or expected", " or")
    return document.fault(path, rule + _got(found, value), value=shown, hint=_hint(found[0], value, written))


def _may_quote(error: ErrorDetails) -> bool:
    return error["type"] == "value_error" and not isinstance(error["ctx"]["error"], PlainFaultError)


def _words(error: ErrorDetails) -> str:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        bound = context[key]
        if isinstance(bound, str):  # pydantic's spelling of timedelta(0), the only bound of a duration
            return f"expected a duration of {word} 0"
        return f"expected {word} {bound:g}"
    if kind in {"enum", "literal_error"}:
        return f"expected {str(context['expected']).replace(chr(39), '')}"
    if kind == "too_short":
        return f"expected at least {context['min_length']} in the list"
    return _EXPECTED.get(kind, error["msg"])


def _got(found: list[ErrorDetails], value: Any) -> str:
    """What stands there instead, where the kind of thing is what is wrong."""
    kinds = {error["type"] for error in found}
    if not any(kind.endswith("_type") for kind in kinds):
        return ""
    return f", got {_KIND_NAMES.get(type(value), f'a {type(value).__name__}')}"


def _hint(error: ErrorDetails, value: Any, written: str | None) -> str:
    if isinstance(value, str) and written is None and (mistyped := quotes_hint(value) or colon_hint(value)):
        return mistyped
    if error["type"] in _ADDRESS_HINTS and isinstance(value, str) and value.startswith("http"):
        return _ADDRESS_HINTS[error["type"]]
    if error["type"] == "string_type" and not isinstance(value, (dict, list)) and value is not None:
        return "put it in quotes"
    if error["type"] == "enum" and isinstance(value, str) and written is None:
        if value.casefold() in _KINDS_BY_OTHER_NAMES:
            return f"write {_KINDS_BY_OTHER_NAMES[value.casefold()]}"
        known = [word.strip("' ") for word in str(error["ctx"]["expected"]).replace(" or ", ",").split(",")]
        found = nearest(value, known, "value")
        return found if found.startswith("nearest") else ""
    return ""


def _known_key(model: type[BaseModel], path: KeyPath) -> str:
    """The key that was meant by an unknown one, or where it belongs."""
    place: type[BaseModel] | None = model
    for part in path[:-1]:
        if place is not None and isinstance(part, str):
            place = next(_models_in(place.model_fields[part].annotation), None)
    if place is None:
        return ""
    key = str(path[-1])
    for name, field in place.model_fields.items():
        if any(key in inner.model_fields for inner in _models_in(field.annotation)):
            return f"it belongs under {name}"
    return colon_hint(key) or nearest(key, sorted(place.model_fields), "key")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
