"""Complaints, patrol reports and register changes are counted, grouped and shown masked."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from alerts.inbox import journal
from alerts.inbox.app import create_app
from alerts.inbox.signals import pupils, signals_of
from config.settings import Settings
from models import facts as f
from models.store.engine import open_store, reading
from tests.inbox import saying, world


@pytest.fixture
def told(inbox: FastAPI, client: TestClient) -> TestClient:
    """A browser before a store in which people have spoken."""
    world.tell(inbox.state.inbox.engine, saying.facts(), [saying.RISK])
    return client


def table(page: str, section: str) -> list[str]:
    """The rows of a section's tables as plain text."""
    part = re.search(rf'<section id="{section}">(.*?)</section>', page, re.DOTALL)
    assert part, f"no section {section}"
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", part[1], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def test_counties_and_levels_are_counted_against_the_window_before(told: TestClient) -> None:
    """90 days up to the closed day, both included; before them as many; later ones not at all."""
    page = told.get("/analysis").text

    assert "2023-12-08 周五 至 2024-03-06 周三 · 90 天" in page
    assert [
        "区县 国家级 市级 区县级 合计",
        "东湖区 1 (+1) 1 3 (+2) 5 (+3)",
        "西湖区 0 0 1 (+1) 1 (+1)",
        "合计 1 (+1) 1 4 (+3) 6 (+4)",
    ] == table(page, "counties")


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("level=city", ["东湖区 1"]),
        ("county=西湖区", ["西湖区 0 0 1 (+1) 1 (+1)"]),
        ("from=2024-03-07&to=2024-03-07", ["东湖区 0 0 1 1"]),
        ("from=2024-03-07", ["东湖区 0 0 1 1"]),
        ("to=2024-03-01&from=2024-03-01&level=national", ["东湖区 1 (+1)"]),
        ("county=西湖区&level=national", []),
    ],
)
def test_filters_of_the_address_narrow_the_counts(
    told: TestClient, query: str, counted: list[str]
) -> None:
    """County, level and days narrow the counts, together too."""
    assert counted == table(told.get(f"/analysis?{query}").text, "counties")[1:]


def test_form_that_is_sent_empty_narrows_nothing(told: TestClient) -> None:
    """A browser sends every field of a form, also the empty ones."""
    empty = told.get("/analysis?county=&level=&from=&to=").text

    assert table(told.get("/analysis").text, "counties") == table(empty, "counties")


@pytest.mark.parametrize(
    "query",
    [
        *("level=town", "from=x", "to=2024-02-30", "from=2024-03-02&to=2024-03-01"),
        *("from=0001-01-01", "from=2020-01-01&to=2024-01-01", "county=" + "x" * 101),
    ],
)
def test_wrong_filter_is_told(told: TestClient, query: str) -> None:
    """A level or day that is none, days in wrong order or too many are a page with 422."""
    answer = told.get(f"/analysis?{query}")

    assert 422 == answer.status_code
    assert "地址中的参数有误" in answer.text


@pytest.mark.parametrize(
    "query", ["from=0001-01-01&to=0001-02-01", "to=9999-12-31", "to=0001-01-02"]
)
def test_days_at_the_ends_of_time_are_shown(told: TestClient, query: str) -> None:
    """The first and the last day that exist are days like others."""
    assert 200 == told.get(f"/analysis?{query}").status_code


def test_institutions_come_with_pupils_and_risk(told: TestClient) -> None:
    """Most complaints first, per 100 pupils whose courses run, with the standing risk."""
    page = told.get("/analysis").text
    first, second = table(page, "institutions")[1:]

    assert first == f"{world.NAME} 东湖区 1 (+1) 1 3 (+2) 5 (+3) 1 500.0 ▲ 橙色"
    assert second == "南昌远航培训学校 西湖区 0 0 1 (+1) 1 (+1) — — —"
    assert f'href="/findings/{saying.RISK.id}"' in page
    assert 'class="open" href="/institutions/NC-0001"' in page


def test_what_they_are_about_is_grouped(told: TestClient) -> None:
    """The same words in other widths and blanks are one row; retracted ones count nowhere."""
    page = told.get("/analysis").text
    rows = table(page, "about")[1:]

    assert "退费难 1 (+1) 1 2 (+2) 4 (+3)" == rows[0]
    assert "裁定的 0 0 1 (+1) 1 (+1)" in rows
    assert "欧***向6222***********3334付款,诸***拒退 0 0 1 (+1) 1 (+1)" in rows
    assert "窗口之前 0 0 0 (−1) 0 (−1)" in rows
    assert "撤回的投诉" not in page
    assert "先说的" not in page


def test_weeks_stand_in_the_chart_and_beside_it(told: TestClient) -> None:
    """Every week of the window by its Monday, the latest first; the chart is given the same."""
    page = told.get("/analysis").text
    rows = table(page, "weeks")[1:]
    data = re.search(r'<script id="weeks-data"[^>]*>(.*?)</script>', page)
    assert data
    chart = json.loads(data[1])

    assert ["2024-03-04 0 0 1", "2024-02-26 1 1 2"] == rows[:2]
    assert "2023-12-04 0 0 1" == rows[-1]
    assert 14 == len(rows) == len(chart["weeks"])
    assert ["国家级", "市级", "区县级"] == [each["name"] for each in chart["levels"]]
    assert [1, 1, 4] == [sum(each["counts"]) for each in chart["levels"]]


def test_events_say_what_changed(told: TestClient) -> None:
    """Patrols and changes, the newest first, old → new; renewal and first designation are none."""
    page = told.get("/analysis?level=city").text

    old, new = "6217***********0123", "6228***********0456"
    assert [
        "2024-03-06 周三 南昌远航培训学校 巡查 · 市级 门店&lt;关闭&gt;,电话1381***5678",
        f"2024-02-21 周三 {world.NAME} 专用账户 {old}, {new} → {old}",
        f"2024-02-10 周六 {world.NAME} 专用账户 {old} → {old}, {new}",
        f"2024-02-01 周四 {world.NAME} 办学许可 有效 → 失效",
        f"2024-02-01 周四 {world.NAME} 法定代表人 诸*** → 慕***",
    ] == table(page, "events")[1:]
    assert 3 == len(table(told.get("/analysis?to=2024-02-10").text, "events")[1:])


def test_institution_shows_its_own(told: TestClient) -> None:
    """Its page lists its complaints and events with their evidence, and no other's."""
    page = told.get("/institutions/NC-0001").text
    complaints = table(page, "complaints")[1:]

    assert "2024-03-06 周三 区县级 T-3 退费难 2,500.00" == complaints[1]
    assert "2024-03-01 周五 国家级 投诉-1 退费难 —" in complaints
    assert 8 == len(complaints)
    assert 4 == len(table(page, "events")[1:])
    assert "巡查" not in "".join(table(page, "events"))


def test_evidence_of_what_was_said_is_masked_too(told: TestClient) -> None:
    """Each complaint and event leads to its fact, where known names in its text are masked."""
    page = told.get("/institutions/NC-0001").text
    addresses = sorted(set(re.findall(r'href="(/evidence/[^"]*)"', page)))

    assert 10 == len(addresses)
    for address in addresses:
        answer = told.get(address)
        assert 200 == answer.status_code, address
        assert [] == [each for each in world.PERSONAL if each in answer.text], address
    naming = told.get("/evidence/" + saying.NAMING_ID).text
    assert "欧***向6222***********3334付款，诸***拒退" in naming
    assert "国家级" in told.get("/evidence/i:NC-0001/ComplaintFiled/投诉-1").text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", ["/analysis", "/institutions/NC-0001", "/institutions/NC-0002"])
def test_nothing_is_shown_in_full(told: TestClient, page: str, language: str) -> None:
    """Names of families and owners and account numbers are masked, links keep the language."""
    html = told.get(page, params={"lang": language}).text
    hidden = (*world.PERSONAL, saying.SECOND_ACCOUNT, "慕容长风", "13812345678")

    assert [] == [each for each in hidden if each in html]
    links = re.findall(r'<a [^>]*href="(/[^"]*)"', html)
    assert (1 if language == "en" else len(links) - 1) == sum("lang=en" not in one for one in links)
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html)


def test_pupils_are_counted_by_name_and_course(inbox: FastAPI) -> None:
    """Once a name; no first day: from the signature; no last day: still; no name: each contract."""
    day = date(2024, 3, 1)
    before = day - timedelta(days=1)

    def contract(number: str, **more: object) -> f.ContractStated:
        given = {"institution": "NC-0002", "number": number, "signed": day, "price_fen": 1}
        return msgspec.convert({**given, **more}, f.ContractStated)

    told = [
        contract("1", student="王 小明", ends=day),
        contract("2", student="王　小明"),
        contract("合同3"),
        contract("4"),
        contract("5", student="李雷", begins=day + timedelta(days=1)),
        contract("6", student="韩梅", signed=before, ends=before),
    ]
    world.tell(inbox.state.inbox.engine, list(told))
    with reading(inbox.state.inbox.engine) as connection:
        assert {"NC-0002": 3} == pupils(connection, ["NC-0002"], day, day)
        assert {"NC-0002": 5} == pupils(connection, ["NC-0002"], before, day + timedelta(days=1))
        assert {} == pupils(connection, [], day, day)


def test_register_row_with_chinese_number_is_found(inbox: FastAPI) -> None:
    """Numbers that begin beyond ASCII lie in the same range of the key."""
    row = f.CustodyStated(
        institution="NC-0002", number="协议-1", valid_from=date(2024, 1, 1), mode="custody"
    )
    world.tell(inbox.state.inbox.engine, [row])
    with reading(inbox.state.inbox.engine) as connection:
        assert [row] == journal.versions_under(connection, "i:NC-0002/CustodyStated/")


def test_no_query_passes_over_the_journal(inbox: FastAPI) -> None:
    """SQLite reads a range of the journal's key for each owner."""
    engine: Engine = inbox.state.inbox.engine
    world.tell(engine, saying.facts())
    asked: list[tuple[str, Any]] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _k, sql, values, *_: asked.append((sql, values))
    )
    with reading(engine) as connection:
        signals_of(connection)
        pupils(connection, ["NC-0001", "NC-0002"], saying.LONG_AGO, saying.CLOSED)
        about_journal = [each for each in asked if "FROM" in each[0] and "journal" in each[0]]
        plans = [
            [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values)]
            for sql, values in about_journal
        ]

    assert plans
    lines = [line for plan in plans for line in plan if "journal" in line]
    assert [] == [line for line in lines if "stream=? AND fact_id" not in line]


def test_analysis_is_the_same_on_postgresql(
    told: TestClient, fresh_database: str, tmp_path: Path
) -> None:
    """Both databases give the same pages, byte for byte."""
    settings = Settings(database_url=fresh_database, archive_dir=tmp_path / "other")
    engine = open_store(fresh_database)
    world.fill(engine, settings.archive)
    world.tell(engine, saying.facts(), [saying.RISK])
    app = create_app(engine, settings, world.law())
    other = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
    for page in ("/analysis", "/analysis?level=city&lang=en", "/institutions/NC-0001"):
        assert told.get(page).content == other.get(page).content, page
    engine.dispose()
