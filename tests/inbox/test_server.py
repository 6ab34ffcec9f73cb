"""The inbox behind a real server, asked over the network of this machine, and in a browser."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from alerts.inbox.server import serve
from config.settings import Settings
from models.store.engine import open_store
from tests.inbox import saying, world
from tests.inbox.screenshots import CHROMIUM, CHROMIUM_ARGUMENTS, new_page, walk

# Plotly styles its maps, which we do not draw, when it is loaded; the content policy says no.
KNOWN_COMPLAINT = "Applying inline style violates"
SERVE = """
import sys
from pathlib import Path
from alerts.inbox.server import serve
from config.settings import Settings
from models.store.engine import open_store
from tests.inbox import world
url, archive, port = sys.argv[1:]
settings = Settings(database_url=url, archive_dir=Path(archive))
serve(open_store(url), settings, world.law(), "127.0.0.1", int(port))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of an inbox in a process of its own."""
    url, archive = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "archive"
    engine = open_store(url)
    world.fill(engine, archive)
    world.tell(engine, saying.facts(), [saying.RISK])
    engine.dispose()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen([sys.executable, "-c", SERVE, url, str(archive), str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, child)
        yield address
    finally:
        child.terminate()
        child.wait(10)


def _wait_until_ready(address: str, child: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert child.poll() is None, "the server ended"
        try:
            if httpx.get(address + "/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the server is not ready after 20 seconds")


def test_served_inbox_answers(served: str) -> None:
    """Pages, the chart's script and refusals come through a real server."""
    with httpx.Client(base_url=served) as browser:
        assert "问题清单" in browser.get("/").text
        script = browser.get("/static/plotly.min.js")
        assert "javascript" in script.headers["content-type"]
        assert len(script.content) > 1_000_000
        assert 403 == browser.get("/", headers={"host": "evil.example"}).status_code
        assert "server" not in browser.get("/").headers


def test_reachable_address_is_refused(tmp_path: Path) -> None:
    """The server does not start on an address that others can reach."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'store.db'}")
    engine = open_store(settings.database_url)

    with pytest.raises(ValueError, match="can be reached by others"):
        serve(engine, settings, world.law(), "0.0.0.0", 8765)  # noqa: S104 -- that it is refused


@pytest.mark.browser
def test_way_through_the_pages_in_a_browser(served: str) -> None:
    """List, finding, institution with its chart drawn, held: no complaint, no other machine."""
    faults: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = new_page(browser, faults)
        page.on("request", lambda request: asked.append(request.url))
        places = dict(walk(page, served))
        page.goto(places["institution"])
        page.wait_for_selector("#chart .main-svg")
        lines = page.locator("#chart .scatterlayer path.js-line").count()
        legend = page.locator("#chart .legendtext").all_text_contents()
        browser.close()

    assert ["list", "finding", "institution", "held"] == list(places)
    assert 2 == lines
    assert ["未消课资金", "专户余额"] == legend
    assert [] == [fault for fault in faults if not fault.startswith(KNOWN_COMPLAINT)]
    assert [] == [url for url in asked if not url.startswith((served, "data:"))]


@pytest.mark.browser
def test_complaints_are_drawn_and_filtered_in_a_browser(served: str) -> None:
    """Bars of each level; the form narrows by county; without script the table says the same."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = new_page(browser, faults)
        page.goto(served)
        page.click("text=投诉分析")
        page.wait_for_selector("#weeks-chart .main-svg")
        bars = page.locator("#weeks-chart .barlayer .trace").count()
        legend = page.locator("#weeks-chart .legendtext").all_text_contents()
        page.select_option("select[name=county]", "西湖区")
        page.click("form.filters button")
        page.wait_for_url("**county=*")
        counted = page.locator("#counties tbody tr").all_inner_texts()
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(served + "/analysis")
        shown = plain.locator("#weeks-chart").is_visible()
        weeks = plain.locator("#weeks tbody tr").count()
        browser.close()

    assert 3 == bars
    assert ["国家级", "市级", "区县级"] == legend
    assert 1 == len(counted)
    assert counted[0].startswith("西湖区")
    assert not shown
    assert 14 == weeks
    assert [] == [fault for fault in faults if not fault.startswith(KNOWN_COMPLAINT)]


@pytest.mark.browser
def test_keys_move_and_open(served: str) -> None:
    """The keys j and Enter move to a row and open it, / goes to the search."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = new_page(browser, [])
        page.goto(served)
        page.keyboard.press("j")
        page.keyboard.press("j")
        second = page.locator("tr[data-row]").nth(1)
        assert "here" in (second.get_attribute("class") or "")
        page.keyboard.press("Enter")
        page.wait_for_selector("article.finding")
        page.keyboard.press("/")
        focused = page.evaluate("document.activeElement.id")
        browser.close()

    assert "search" == focused
