"""What all tests share: a test marked `browser` needs Chromium, and says so where there is none."""

import os
import shutil

import pytest

pytest_plugins = ["tests.servers_fixture"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a browser test on a machine without Chromium; BROWSER_TESTS=required forbids that."""
    if item.get_closest_marker("browser") is None or shutil.which("chromium"):
        return
    reason = "no chromium here: apt-get install chromium fonts-noto-cjk"
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
