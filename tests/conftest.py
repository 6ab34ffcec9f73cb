"""What all tests share: a test marked with what it needs says so where that is missing."""

import os
import shutil

import pytest

pytest_plugins = ["tests.servers_fixture"]

# The marker, the program that a test so marked needs, and how Debian installs it.
NEEDS = {
    "compiler": ("gcc", "apt-get install gcc libc6-dev python3-dev"),
    "browser": ("chromium", "apt-get install chromium fonts-noto-cjk"),
    "prometheus": ("promtool", "apt-get install prometheus"),
    "socat": ("socat", "apt-get install socat"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    for marker, (program, _) in NEEDS.items():
        config.addinivalue_line("markers", f"{marker}: needs {program}; skipped where it is not")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; SYSTEM_TESTS=required forbids that."""
    for marker, (program, remedy) in NEEDS.items():
        if item.get_closest_marker(marker) is None or shutil.which(program):
            continue
        reason = f"no {program} here: {remedy}"
        if os.environ.get("SYSTEM_TESTS") == "required":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
