"""Every page shows what the store holds, in both languages, with names and numbers masked."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from alerts.inbox import journal, words
from models.identity import nobody_of
from models.keys import fact_id
from tests.inbox import world

ENTRY = "/evidence/" + journal.token(fact_id(world.ENTRY))
PAGES = [
    "/",
    *(f"/findings/{found.id}" for found in world.FINDINGS),
    "/institutions/NC-0001",
    "/institutions/NC-0002",
    "/analysis",
    "/feeds",
    "/held",
    "/files",
    "/files/1",
    "/files/2",
    "/settle/held/1",
    "/settle/refused/2",
    ENTRY,
    "/evidence/" + fact_id(world.CONTRACT),
    "/nowhere",
]
TEMPLATES = Path(words.__file__).parent / "templates"


def rows(page: str) -> list[str]:
    """The rows of a page that the keys reach, as plain text."""
    found = re.findall(r"<tr[^>]*data-row>(.*?)</tr>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", [*PAGES, "/metrics"])
def test_no_page_shows_a_name_or_number_in_full(
    client: TestClient, page: str, language: str
) -> None:
    """No page and no link on it holds a known name or account number unmasked."""
    answer = client.get(page, params={"lang": language})

    assert answer.status_code in {200, 404}
    assert [] == [each for each in world.PERSONAL if each in answer.text]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_how_far_the_data_reach(client: TestClient, page: str) -> None:
    """Every page tells the last file's moment, the closed day with weekday, and late feeds."""
    text = re.sub(r"<[^>]+>", "", client.get(page, params={"lang": "en"}).text)

    assert "Facts to 2024-03-06 09:02" in text
    assert "closed to 2024-03-06 Wed" in text
    assert "no feed late" in text


@pytest.mark.parametrize("page", PAGES)
def test_english_stays_english(client: TestClient, page: str) -> None:
    """Every link to a page of ours keeps the language that the reader chose."""
    html = client.get(page, params={"lang": "en"}).text
    links = re.findall(r'<a [^>]*href="(/[^"]*)"', html)

    assert '<html lang="en">' in html
    assert links
    leading_back = [link for link in links if "lang=en" not in link]
    assert 1 == len(leading_back), "only the language switch leads back to Chinese"


def test_pages_work_without_script(client: TestClient) -> None:
    """No handler, style or script stands in a page itself."""
    for page in PAGES:
        html = client.get(page).text
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html), page
        assert [] == re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", html), page
        assert "http://" not in html, page
        assert "https://" not in html, page


def test_list_begins_with_the_worst(client: TestClient) -> None:
    """Findings are sorted by level; a level is a shape and a word, an amount has separators."""
    listed = rows(client.get("/").text)

    assert ["红色", "红色", "橙色", "黄色", "蓝色"] == [row.split()[1] for row in listed]
    assert ["◆", "◆", "▲", "●", "■"] == [row.split()[0] for row in listed]
    assert any("10,000.01" in row and "2024-03-01 周五" in row for row in listed)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("level=red", {world.SHORT.id, world.OUTSIDE.id}),
        ("county=西湖区", {world.ELSEWHERE.id}),
        ("rule=charge-amount", {world.ORANGE.id}),
        ("institution=NC-0002", {world.ELSEWHERE.id}),
        ("q=HT-2024-001", {world.ORANGE.id}),
        ("q=远航", {world.ELSEWHERE.id}),
        (f"q={world.STRANGER}", {world.OUTSIDE.id}),
        ("level=red&q=HT-2024-001", set()),
        ("q=%25", set()),
    ],
)
def test_filters_of_the_address_narrow_the_list(
    client: TestClient, query: str, expected: set[str]
) -> None:
    """Level, county, rule, institution and text narrow the list, together too."""
    page = client.get(f"/?{query}").text

    assert expected == set(re.findall(r'class="open" href="/findings/(\w+)"', page))


def test_counts_stand_beside_the_list(client: TestClient) -> None:
    """The side column counts each level with the other filters kept and its own left open."""
    page = client.get("/", params={"county": "东湖区", "level": "red", "lang": "en"}).text
    side = page[page.index("<aside") : page.index("</aside>")]
    counts = re.findall(r"</span>(\w+)</span></span><span class=\"number\">(\d+)", side)

    assert [("Red", "2"), ("Orange", "1"), ("Yellow", "0"), ("Blue", "1")] == counts


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999", "q=" + "x" * 101])
def test_wrong_value_in_the_address_is_told(client: TestClient, query: str) -> None:
    """A value that cannot be is answered by a page with 422, not by a fault."""
    assert 422 == client.get(f"/?{query}").status_code


def test_page_beyond_the_last_is_empty(client: TestClient) -> None:
    """A page number that is too high shows no row."""
    assert [] == rows(client.get("/?page=7").text)


def test_finding_says_how_it_is_known(client: TestClient) -> None:
    """The page of a finding has clause, formula with numbers, evidence with place, and history."""
    page = client.get(f"/findings/{world.ORANGE.id}").text

    assert "不得超过5000元" in page
    assert "6,000.00 (欧***, 6222***********3334)" in page
    assert any("学费 HT-2024-001 欧*** ccb-20240301.csv row 2" in row for row in rows(page))
    assert f'href="{ENTRY}"' in page
    assert re.search(r"2024-03-06 周三</td><td>出现</td>", page)


@pytest.mark.parametrize(
    "page", ["/findings/0", "/institutions/x", "/files/99", "/evidence/i:x/y/z", "/evidence/a~0/b"]
)
def test_unknown_record_is_a_page_of_its_own(client: TestClient, page: str) -> None:
    """What the store does not hold is answered by a page with 404."""
    answer = client.get(page)

    assert 404 == answer.status_code
    assert "没有这一页" in answer.text


def test_account_that_nobody_registered_has_no_page(inbox: FastAPI, client: TestClient) -> None:
    """Its finding is listed under the masked account, without a link; its address is a 404."""
    nobody = nobody_of(world.UNREGISTERED)
    finding = world.found(
        "entry-unrouted", f"account:{world.UNREGISTERED}", "orange", 1_000, institution=nobody
    )
    world.tell(inbox.state.inbox.engine, [], [finding])

    for page in ("/?rule=entry-unrouted", f"/findings/{finding.id}"):
        html = client.get(page).text
        assert "未登记账户 6230***********2222" in html
        assert "/institutions/" not in html
        assert world.UNREGISTERED not in html
    assert 1 == len(rows(client.get("/?rule=entry-unrouted").text))
    assert 404 == client.get(f"/institutions/{nobody}").status_code


def test_institution_has_register_accounts_and_series(client: TestClient) -> None:
    """The institution's page has register, account, agreement, findings and the chart's table."""
    page = client.get("/institutions/NC-0001").text
    plain = " ".join(re.sub(r"<[^>]+>", " ", page).split())

    assert 4 == len(rows(page))
    assert "诸***" in page
    assert "XY-1 银行托管 2024-01-01 周一 至今" in plain
    assert "6217***********0123 ccb 专用账户 2024-01-01 周一 至今 2024-03-04 周一 2" in plain
    assert "2024-03-06 周三 5,000.00 6,000.00 -1,000.00 0.83" in plain
    assert '"balance":["6000.00"' in page


def test_held_page_shows_everything_that_waits(client: TestClient) -> None:
    """Held rows, refused files, contested facts, ambiguous entries, unregistered accounts."""
    listed = rows(client.get("/held").text)

    assert 4 == len(listed)
    assert "after its statement" in listed[0]
    assert "bomb.xml it has a DOCTYPE" in listed[1]
    assert "1,000.00" in listed[2]
    assert "1,000.01" in listed[2]
    assert "6217***********0123 · 2024-03-01 · S1" in listed[3]
    assert "6230***********2222" in client.get("/held").text


def test_held_rows_can_be_narrowed_to_a_reason(client: TestClient) -> None:
    """A kind of reason, with its numbers left out, finds its rows; another finds none."""
    kind = "entry of … is dated … after its statement"

    assert 4 == len(rows(client.get("/held", params={"reason": kind}).text))
    assert 3 == len(rows(client.get("/held", params={"reason": "100%"}).text))


def test_evidence_shows_the_original_bytes(client: TestClient) -> None:
    """The row of the delivered file stands on the page of the fact, decoded and masked."""
    page = client.get(ENTRY).text

    assert "6217***********0123,20240301,学费 HT-2024-001,欧***,6222***********3334,6000.00" in page


def test_contested_fact_shows_every_content(client: TestClient) -> None:
    """Both contents of a contested fact stand on its page."""
    address = re.search(r'href="(/evidence/a~\w+/EntryBooked/2024-03-04/S2)"', _held(client))
    assert address

    page = client.get(address[1]).text

    assert "1,000.00" in page
    assert "1,000.01" in page


def test_every_word_of_the_templates_is_known() -> None:
    """A template asks only for words that exist, and every word says something in both tongues."""
    asked = set[str]()
    for template in TEMPLATES.glob("*.html"):
        asked |= set(re.findall(r'\bt\(["\']([a-z0-9-]+)["\'][),]', template.read_text("utf-8")))

    assert asked
    for key in asked:
        for language in words.LANGUAGES:
            assert words.word(key, language, "1", "2")


def _held(client: TestClient) -> str:
    text: str = client.get("/held").text
    return text
