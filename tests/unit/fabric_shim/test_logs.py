"""Logs cannot carry data, whoever writes them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import warnings

import pytest
from fabric_shim import logs
from fabric_shim.logs import LogFormat, TransactionLog, TransactionLogger
from fabric_shim.observer import Call, Ended

pytestmark = pytest.mark.usefixtures("logging_restored")

SECRET = "Jane-Doe-HIV-positive"
CALL = Call("care", "ab12", "asset:create")


class LeakyError(ValueError):
    def __str__(self) -> str:
        return SECRET

    def __repr__(self) -> str:
        return SECRET


class Output:
    """Everything that the process logs, and nothing that pytest does with it."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def records(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


def configured(form: LogFormat = "json", level: str = "DEBUG") -> Output:
    stream = io.StringIO()
    logs.configure(level, form, stream)
    return Output(stream)


def test_own_records_show_their_text_and_arguments() -> None:
    output = configured()
    logging.getLogger("fabric_shim.server").info("Serving %s on port %d", "care:1", 9999)
    record = output.records[0]
    assert record.pop("time")
    assert record == {
        "level": "INFO",
        "logger": "fabric_shim.server",
        "message": "Serving care:1 on port 9999",
    }


def test_the_text_form_is_one_line() -> None:
    output = configured("text")
    logging.getLogger("fabric_shim.server").info("Stopped", extra={"call": CALL})
    _, rest = output.text.split(" ", 1)
    assert rest == "INFO fabric_shim.server Stopped channel=care tx_id=ab12 function=asset:create\n"


def test_a_literal_of_another_logger_is_shown_without_its_arguments() -> None:
    output = configured()
    logging.getLogger("contracts").info("asset %s created", SECRET)
    assert output.records[0]["message"] == "asset %s created"
    assert str(output.records[0]["place"]).startswith("test_logs.py:")
    assert SECRET not in output.text


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_no_literal_is_withheld(form: LogFormat) -> None:
    output = configured(form)
    log = logging.getLogger("contracts")
    log.info(f"asset {SECRET} created")  # noqa: G004 - what a careless contract does
    log.info(SECRET)
    log.info(LeakyError())
    log.info("known text", extra={"call": SECRET, "ended": SECRET, "function": SECRET, "tx_id": SECRET})
    assert output.text.count("(text withheld)") == 3
    assert output.text.count("known text") == 1
    assert SECRET not in output.text


def test_an_exception_shows_its_type_and_places() -> None:
    output = configured()
    try:
        raise LeakyError(SECRET)  # noqa: TRY301 - to be caught right here
    except LeakyError:
        logging.getLogger("contracts").exception("went wrong")
        logging.getLogger("fabric_shim").exception("went wrong")
    for record in output.records:
        assert record["exception"] == "LeakyError"
        assert "test_an_exception_shows_its_type_and_places" in str(record["raised_at"])
    assert SECRET not in output.text


def test_a_record_that_cannot_be_formatted_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    output = configured()
    logging.getLogger("fabric_shim.x").info("%d transactions", SECRET)
    assert output.records[0]["message"] == "(text cannot be made: TypeError)"
    assert SECRET not in output.text + "".join(capfd.readouterr())


def test_handlers_of_others_are_taken_away(capfd: pytest.CaptureFixture[str]) -> None:
    talkative = logging.getLogger("talkative.library")
    talkative.addHandler(logging.StreamHandler())
    talkative.propagate = False
    output = configured()
    talkative.warning("patient %s", SECRET)
    assert output.records[0]["message"] == "patient %s"
    assert SECRET not in output.text + "".join(capfd.readouterr())


def test_a_handler_of_later_prints_no_arguments_of_a_broken_record(
    capfd: pytest.CaptureFixture[str],
) -> None:
    configured()
    talkative = logging.getLogger("talkative.library")
    talkative.addHandler(logging.StreamHandler(io.StringIO()))
    talkative.warning("%d patients", SECRET)
    talkative.handlers.clear()
    assert SECRET not in "".join(capfd.readouterr())


def test_a_text_makes_one_line() -> None:
    output = configured("text")
    logging.getLogger("fabric_shim.x").warning("Refused %s", "id\n2026 ERROR forged\x1b[31m")
    assert len(output.text.splitlines()) == 1
    assert output.text.endswith("Refused id\\n2026 ERROR forged\\x1b[31m\n")


def test_a_forged_record_has_no_code_and_no_text() -> None:
    output = configured()
    record = logging.LogRecord("x", logging.INFO, "elsewhere.py", 1, SECRET, None, None)
    logging.getLogger("x").handle(record)
    assert output.records[0]["message"] == "(text withheld)"


async def test_asyncio_debug_says_nothing_of_an_exception() -> None:
    output = configured()
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": SECRET, "exception": LeakyError(SECRET)})
    assert output.records[0]["logger"] == "asyncio"
    assert output.records[0]["exception"] == "LeakyError"
    assert SECRET not in output.text


def test_warnings_show_their_category(capfd: pytest.CaptureFixture[str]) -> None:
    output = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._show_warning
        warnings.warn(SECRET, UserWarning, stacklevel=1)
    assert str(output.records[0]["message"]).startswith("UserWarning at test_logs.py:")
    assert SECRET not in output.text + "".join(capfd.readouterr())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_shows_the_type(capfd: pytest.CaptureFixture[str]) -> None:
    output = configured()

    def die() -> None:
        raise LeakyError(SECRET)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    messages = [str(record["message"]) for record in output.records]
    assert any("Uncaught LeakyError at test_logs.py" in message for message in messages)
    assert SECRET not in output.text + "".join(capfd.readouterr())


def test_a_crash_shows_the_type(capfd: pytest.CaptureFixture[str]) -> None:
    output = configured()
    error = LeakyError(SECRET)
    sys.excepthook(LeakyError, error, None)
    assert "Uncaught LeakyError" in output.text
    assert SECRET not in output.text + "".join(capfd.readouterr())


def test_a_contract_logger_names_the_transaction() -> None:
    output = configured()
    TransactionLogger(logging.getLogger("contracts"), CALL).info("asset %s created", SECRET)
    record = output.records[0]
    assert (record["channel"], record["tx_id"], record["function"]) == ("care", "ab12", "asset:create")
    assert record["message"] == "asset %s created"
    assert SECRET not in output.text


def test_each_transaction_is_logged_at_debug() -> None:
    output = configured()
    log = TransactionLog()
    log.stream_opened()
    log.transaction_began(CALL)
    log.transaction_ended(CALL, Ended("refused", SECRET, 0.25, 4))
    log.stream_closed()
    opened, ended, closed = output.records
    assert (opened["message"], closed["message"]) == ("A peer has connected", "A peer's stream has ended")
    assert ended["message"] == "Transaction refused"
    assert (ended["outcome"], ended["seconds"], ended["messages"]) == ("refused", 0.25, 4)
    assert SECRET not in output.text


def test_a_level_name_that_a_module_made_is_not_shown() -> None:
    stream = io.StringIO()
    logs.configure("DEBUG", "text", stream)
    logging.addLevelName(36, "of patient 7")
    logging.getLogger("contract").log(36, "odd")
    assert " LEVEL36 contract odd " in stream.getvalue()
    assert "patient" not in stream.getvalue()
