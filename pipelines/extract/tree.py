"""The parsed page, what is asked of it, and what is put right in it before the main text is looked for."""

import re
from urllib.parse import urljoin

from crawler.markup import Element, parse
from pipelines.extract.bounds import check_tree

_IMAGE_SOURCES = ("data-src", "data-original", "data-actualsrc", "data-lazy-src", "_src", "file", "zoomfile", "src")
# trafilatura drops every image whose address shows no file extension (WeChat's and Tencent's all); a fragment that
# does is added before and taken off after.
_LONGEST_ADDRESS = 4096  # characters; no server answers a longer one, and the archive need not hold it
_IMAGE_MARK = "#image.jpg"
_EXTENSION = re.compile(r"\.(avif|bmp|gif|hei[cf]|jpe?g|png|webp)(\b|$)", re.IGNORECASE)
# Containers of article bodies that the generic rules do not know; renamed, they are the first that is looked for.
_BODIES = (
    "//*[@id='js_content' or @id='ArticleContent' or @id='Cnt-Main-Article-QQ' or @id='article_content' "
    "or @id='artibody' or @id='endText' or @itemprop='articleBody']"
)
# WeChat's editor writes a paragraph as a section; only p is text to the generic rules.
_LEAF_SECTIONS = "//section[not(.//section or .//p or .//div or .//table or .//ul or .//ol or .//blockquote or .//pre)]"


def fragment(text: str) -> Element | None:
    """The body that a piece of HTML stands for, or None when it holds neither words nor pictures.

    Raises:
        ParseError: the parser gave up, or the text holds more than an article.
    """
    tree = parse(f"<html><body>{text}</body></html>") if text.strip() else None
    if tree is not None:
        check_tree(tree)
    body = None if tree is None else tree.find("body")
    return body if body is not None and holds_something(body) else None


def holds_something(element: Element) -> bool:
    """Whether there are words or pictures in an element."""
    return bool("".join(element.itertext()).strip()) or next(element.iter("img"), None) is not None


def take_out(element: Element) -> None:
    """Remove an element; the words behind it stay."""
    if element.getparent() is not None:
        element.drop_tree()


def prepare(tree: Element, url: str) -> None:
    """Make links and images absolute, find the lazy images' real addresses, name the body's container."""
    base = _base(tree, url)
    for link in tree.iter("a"):
        if link.get("href"):
            link.set("href", _join(base, link.get("href")))
    for image in tree.iter("img"):
        _settle_image(image, base)
    for section in tree.xpath(_LEAF_SECTIONS):
        section.tag = "p"
    for body in tree.xpath(_BODIES)[:1]:
        body.tag = "article"


def unmark_images(markdown: str) -> str:
    """Take off again what `prepare` put on image addresses."""
    return markdown.replace(_IMAGE_MARK, "")


def visible_text(element: Element) -> str:
    """The words inside an element, spaces squeezed."""
    return " ".join(" ".join(element.xpath(".//text()[not(parent::script or parent::style)]")).split())


def meta_contents(tree: Element) -> dict[str, str]:
    """`content` of every meta tag by its lower-case name, property or itemprop; the first of a name counts."""
    found: dict[str, str] = {}
    for tag in tree.iter("meta"):
        name = (tag.get("property") or tag.get("name") or tag.get("itemprop") or "").strip().lower()
        if name and tag.get("content"):
            found.setdefault(name, tag.get("content").strip())
    return found


def first_texts(tree: Element, path: str) -> list[str]:
    """The non-empty texts of the elements at an XPath."""
    return [text for text in (visible_text(element) for element in tree.xpath(path)) if text]


def _base(tree: Element, url: str) -> str:
    for base in tree.iter("base"):
        if base.get("href"):
            return _join(url, base.get("href"))
    return url


def _join(base: str, href: str) -> str:
    if len(href) > _LONGEST_ADDRESS:
        return ""
    try:
        return urljoin(base, href.strip())
    except ValueError:  # an address such as http://[broken stays as the page wrote it
        return href


def _settle_image(image: Element, base: str) -> None:
    found = next((image.get(name) for name in _IMAGE_SOURCES if _is_address(image.get(name))), "")
    for name in _IMAGE_SOURCES:
        image.attrib.pop(name, None)
    address = _join(base, found) if found else ""
    if not address.startswith(("http://", "https://")):
        return
    address = address.split("#")[0]
    image.set("src", address if _EXTENSION.search(address.split("?")[0]) else address + _IMAGE_MARK)


def _is_address(value: str | None) -> bool:
    return bool(value) and not str(value).strip().lower().startswith(("data:", "javascript:", "blob:", "about:"))
