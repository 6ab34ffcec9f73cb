"""What the API says of itself is true: schemathesis asks it everything that its OpenAPI allows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase
from schemathesis.checks import negative_data_rejection
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from sqlalchemy import Engine

from tests.streams.serving import Client, let_deliver, served

EXAMPLES = 40
"""Of each operation, mode and way of asking: some hundreds of requests, a few seconds."""

OPERATIONS = ("POST /feeds/{feed}", "GET /feeds/{feed}/deliveries/{delivery}")

MENDED = [negative_data_rejection]
"""A signature mends headers that were wrong on purpose."""


class Signing(AuthBase):
    """Signs what is sent as it is sent."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the headers of the signature over whatever stood there."""
        body = request.body or b""
        assert request.method is not None
        assert isinstance(body, str | bytes)
        sent = body.encode() if isinstance(body, str) else body
        request.headers.pop("Idempotency-Key", None)
        request.headers.update(self.client.headers(request.method, request.path_url, sent))
        return request


@pytest.fixture
def base(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API, served."""
    monkeypatch.setenv("NO_PROXY", "*")  # this machine is never asked through another
    with served(engine, tmp_path / "archive") as address:
        yield address


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("is_signed", [False, True], ids=["by-nobody", "signed"])
def test_api_answers_as_it_says(
    base: str, engine: Engine, mode: GenerationMode, *, is_signed: bool
) -> None:
    """No request makes it fail; status, content type and body are those that it describes."""
    client = Client(base, let_deliver(engine, "bank"))
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert set(OPERATIONS) == {one.label for one in found}
    codes: set[int] = set()
    for operation in found:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case[Any]) -> None:
            if is_signed:
                case.path_parameters["feed"] = client.feed
            answer = case.call(auth=Signing(client) if is_signed else None)
            codes.add(answer.status_code)
            case.validate_response(answer, excluded_checks=MENDED if is_signed else None)

        ask()
    assert codes <= {401, 422} or ({202, 404} <= codes <= {202, 404, 422} and is_signed)
