"""What a process says of itself on its own page: ready or why not, and its figures."""

from http.client import HTTPConnection, HTTPException

from prometheus_client.parser import text_string_to_metric_families

LOOK_SECONDS_MAX = 1.0


def ready(port: int) -> str | None:
    """Empty when the process on this port of 127.0.0.1 is ready, else why not; None: no answer."""
    answer = _get(port, "/ready")
    if answer is None:
        return None
    status, text = answer
    return "" if status == 200 else text.partition("\n")[0] or f"/ready answers {status}"


def figures(port: int) -> dict[str, float]:
    """Each metric of the process, added up over its labels; empty when there is no answer."""
    answer = _get(port, "/metrics")
    totals: dict[str, float] = {}
    if answer is not None:
        for family in text_string_to_metric_families(answer[1]):
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0) + sample.value
    return totals


def _get(port: int, path: str) -> tuple[int, str] | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=LOOK_SECONDS_MAX)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
