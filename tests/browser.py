"""A page as a reader's browser shows it: the Chromium that is on PATH, driven by playwright. Nothing leaves it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromium import NAMES, find_chromium
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

PHONE, DESKTOP = 360, 1280  # CSS pixels across
_HEIGHT = 800
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--disable-lcd-text",  # grey edges: the same picture on every machine, and a smaller one
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@dataclass
class Shown:
    """A page that is open, and what it did that no digest may do."""

    page: Page
    asked: list[str] = field(default_factory=list)  # addresses it wanted beyond itself; none was answered
    said: list[str] = field(default_factory=list)  # errors and warnings in the console, exceptions, dialogs

    def measure(self, script: str) -> Any:
        return self.page.evaluate(script)


@contextmanager
def started() -> Iterator[Browser]:
    """The browser of this machine.

    Raises:
        RuntimeError: there is none.
    """
    found = find_chromium()
    if found is None:
        raise RuntimeError(f"no Chromium on PATH ({', '.join(NAMES)}); on Debian: apt-get install chromium")
    with sync_playwright() as driver:
        # Root has no user namespaces to build a sandbox of; anybody else keeps it.
        browser = driver.chromium.launch(executable_path=found, args=[*_FLAGS], chromium_sandbox=os.geteuid() != 0)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def shown(
    browser: Browser, file: Path, *, width: int = DESKTOP, dark: bool = False, scale: float = 1
) -> Iterator[Shown]:
    """Open an HTML file that was written to disk."""
    context = browser.new_context(
        viewport={"width": width, "height": _HEIGHT},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    try:
        yield _open(context, file.resolve().as_uri())
    finally:
        context.close()


def _open(context: BrowserContext, address: str) -> Shown:
    opened = Shown(page=context.new_page())

    def admit(route: Route) -> None:
        if route.request.url == address:
            route.continue_()
        else:
            opened.asked.append(route.request.url)
            route.abort()

    context.route("**", admit)
    opened.page.on("console", lambda message: message.type in ("error", "warning") and opened.said.append(message.text))
    opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.page.on("dialog", lambda dialog: (opened.said.append(dialog.message), dialog.dismiss()))
    opened.page.goto(address)
    return opened


# -- what is measured -------------------------------------------------------------------------------------------------

# Every piece of text that can be seen: its element, colours and size.
_TEXTS = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
};
const ground = element => {
    for (; element; element = element.parentElement) {
        const colour = rgba(getComputedStyle(element).backgroundColor);
        if (colour[3] === 255) return colour;
    }
    return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark")
        && matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#ffffff");
};
const light = colour => colour.slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), [text, back] = [light(rgba(style.color)), light(ground(element))];
    const [dim, bright] = [Math.min(text, back), Math.max(text, back)];
    texts.push({text: node.data.trim().slice(0, 40), size: parseFloat(style.fontSize), ground: back, ink: text,
        contrast: (bright + 0.05) / (dim + 0.05)});
}
return texts;
"""
TEXTS = f"() => {{ {_TEXTS} }}"

# Elements that reach beyond the page's right edge, and by how many pixels the page can be pushed sideways.
SIDEWAYS = """() => ({
    by: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    elements: [...document.body.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(element => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`),
})"""

LINKS = """() => [...document.querySelectorAll("[href], [src], [action], [formaction], [background], [ping]")].flatMap(
    element => ["href", "src", "action", "formaction", "background", "ping"]
        .filter(name => element.hasAttribute(name)).map(name => element.getAttribute(name)))"""

# What could run: elements and attributes that hold a script.
ACTIVE = """() => [...document.querySelectorAll("*")].flatMap(element => [
    ...["SCRIPT", "IFRAME", "OBJECT", "EMBED", "FORM", "BASE", "LINK"].filter(name => name === element.tagName),
    ...[...element.attributes].filter(({name}) => name.startsWith("on")).map(({name}) => name)])"""

READ = "() => document.body.innerText.replace(/\\s+/g, ' ').trim()"

WITHOUT_CSS = """() => {
    document.querySelectorAll("style").forEach(element => element.remove());
    document.querySelectorAll("[style]").forEach(element => element.removeAttribute("style"));
}"""

# How far down the page each heading and list item begins, in the order of the source.
DOWN = "() => [...document.querySelectorAll('h1, h2, h3, li')].map(element => element.getBoundingClientRect().top)"
