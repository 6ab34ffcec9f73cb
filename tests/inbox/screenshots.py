"""Pictures of a served inbox for the documentation.

Run as `.venv/bin/python -m tests.inbox.screenshots http://127.0.0.1:8765 docs/images`.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"),
]
WIDTH, HEIGHT = 1360, 860


def new_page(browser: Browser, faults: list[str]) -> Page:
    """A page of that size that notes what the browser complains about."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            faults.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


def walk(page: Page, address: str) -> list[tuple[str, str]]:
    """The pages worth a picture, reached as a reader reaches them: (name, address)."""
    page.goto(address)
    page.wait_for_selector("tr[data-row] a.open")
    found = [("list", page.url)]
    breach = page.locator("tr[data-row]", has_text="违规").first.locator("a.open")
    breach.click()
    page.wait_for_selector("article.finding")
    found.append(("finding", page.url))
    page.click("article.finding dl a")
    page.wait_for_selector("h1")
    found.append(("institution", page.url))
    page.goto(address + "/held")
    page.wait_for_selector("ul.tiles")
    return [*found, ("held", page.url)]


def shoot(address: str, folder: Path) -> list[str]:
    """Write the pictures; what the browser complained about on the way."""
    faults: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = new_page(browser, faults)
        for name, place in walk(page, address.rstrip("/")):
            page.goto(place)
            page.wait_for_load_state("load")
            if page.query_selector("#chart"):
                page.wait_for_selector("#chart .main-svg")
            page.screenshot(path=str(folder / f"{name}.png"))
        browser.close()
    return faults


if __name__ == "__main__":
    _, served, target = sys.argv
    for fault in shoot(served, Path(target)):
        sys.stderr.write(fault + "\n")
