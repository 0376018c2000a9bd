"""Suite-wide rule: with ``--strict-run`` nothing may be skipped and no network scenario may go missing."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

# Its assertions explain themselves like those of test modules; before anything imports it.
pytest.register_assert_rewrite("tests.conformance")

SCENARIO_FLOOR = Path(__file__).parent / "scenarios" / "FLOOR"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--strict-run",
        action="store_true",
        help="fail when a test is skipped or fewer network scenarios pass than tests/scenarios/FLOOR says",
    )


class StrictRun:
    """Counts what really ran; a suite that passes by skipping is a failed suite."""

    def __init__(self) -> None:
        self.network_passed = 0
        self.passed = 0
        self.skipped: list[str] = []
        self.scenarios: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.scenarios = {item.nodeid for item in items if item.get_closest_marker("network")}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed += 1
            self.network_passed += report.nodeid in self.scenarios

    def problems(self) -> list[str]:
        floor = int(SCENARIO_FLOOR.read_text())
        found = [f"skipped: {nodeid}" for nodeid in self.skipped]
        if self.network_passed < floor:
            found.append(
                f"{self.network_passed} network scenarios passed, tests/scenarios/FLOOR asks for {floor}: "
                "a scenario went missing; restore it, or lower the number in the commit that says why."
            )
        return found

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self.problems():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(
            f"ran {self.passed} tests, {self.network_passed} of them network scenarios"
        )
        for problem in self.problems():
            terminalreporter.write_line(problem, red=True)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--strict-run"):
        config.pluginmanager.register(StrictRun(), "strict-run")


@pytest.fixture
def logging_restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serving sets up the logs of the whole process; put them back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    named = [it for it in logging.root.manager.loggerDict.values() if isinstance(it, logging.Logger)]
    kept = [(logger, list(logger.handlers), logger.propagate) for logger in named]
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, its_handlers, propagate in kept:
        logger.handlers[:], logger.propagate = its_handlers, propagate
