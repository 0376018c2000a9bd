"""Logs cannot carry data, whoever writes them."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

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


def own(module: str, method: str, *arguments: object, **named: object) -> None:
    """Log as a module of the shim does."""
    text = f"logging.getLogger({module!r}).{method}(*arguments, **named)"
    code = compile(text, str(Path(logs.__file__).with_name("some_module.py")), "eval")
    eval(code, {"logging": logging, "arguments": arguments, "named": named})


def configured(form: LogFormat = "json", level: str = "DEBUG") -> Output:
    # What other tests have left behind may log when it is collected, gRPC's servers do.
    gc.collect()
    stream = io.StringIO()
    logs.configure(level, form, stream)
    return Output(stream)


def test_own_records_show_their_text_and_arguments() -> None:
    output = configured()
    own("fabric_shim.server", "info", "Serving %s on port %d", "care:1", 9999)
    record = output.records[0]
    assert record.pop("time")
    assert record == {
        "level": "INFO",
        "logger": "fabric_shim.server",
        "message": "Serving care:1 on port 9999",
    }


def test_the_text_form_is_one_line() -> None:
    output = configured("text")
    own("fabric_shim.server", "info", "Stopped", extra={"call": CALL})
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
    own("fabric_shim.server", "info", "%d transactions", SECRET)
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
    own("fabric_shim.server", "warning", "Refused %s", "id\n2026 ERROR forged\x1b[31m")
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
    log = logging.getLogger("contract")
    logs.configure("DEBUG", "text", stream)
    logging.addLevelName(36, "of patient 7")
    log.log(36, "odd")
    assert " LEVEL36 contract odd " in stream.getvalue()
    assert "patient" not in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["fabric_shim", "fabric_shim.server", "fabric_transport.x", "fabric_shim.own"]
)
def test_nobody_becomes_one_of_us_by_a_name(name: str) -> None:
    output = configured()
    logging.getLogger(name).info("asset %s created", SECRET)
    assert output.records[0]["message"] == "asset %s created"
    assert str(output.records[0]["place"]).startswith("test_logs.py:")
    assert SECRET not in output.text


def test_nobody_becomes_one_of_us_by_his_caller() -> None:
    """As a contract does, whose functions are called by the shim."""
    output = configured()
    contract: Callable[[], None] = lambda: logging.getLogger("contract").info(SECRET, stacklevel=2)  # noqa: E731
    called = compile("contract()", str(Path(logs.__file__).with_name("some_module.py")), "eval")
    eval(called, {"contract": contract})
    record = logging.LogRecord("fabric_shim", logging.INFO, logs.__file__, 1, SECRET, None, None)
    logging.getLogger("fabric_shim").handle(record)
    assert [record["message"] for record in output.records] == ["(text withheld)"] * 2
    assert SECRET not in output.text


def test_the_transport_is_one_of_us() -> None:
    output = configured()
    import fabric_transport

    code = compile(
        "log.info('%d streams', 2)", str(Path(fabric_transport.__file__).with_name("x.py")), "eval"
    )
    eval(code, {"log": logging.getLogger("fabric_transport")})
    assert output.records[0]["message"] == "2 streams"


def test_a_name_that_comes_up_later_is_withheld() -> None:
    logging.getLogger("known.before")
    output = configured()
    for name in (f"patient.{SECRET}", "known.before", "known", __name__, "json.decoder"):
        logging.getLogger(name).info("seen")
    logging.getLogger().info("seen")
    names = [record["logger"] for record in output.records]
    assert names == ["(name withheld)", "known.before", "known", __name__, "json.decoder", "root"]
    assert SECRET not in output.text


LITERALS = """
def run(log, say, level, value, pick, names):
    log.info("a text")
    log.info("%s and %s", value, pick)
    log.info(msg="by name")
    log.info("with more", extra={"a": "b"}, exc_info=None)
    log.log(20, "a level")
    log.log(level.INFO, "a level %s", value)
    log.log(max(10, 20), "a level")
    log.getChild("c").info("a child")
    log.info(
        "several lines %s",
        value,
    )
    (log
        .getChild("c")
        .warning("a chain"))
    log.info("joined "
             "text")
    log.info("starred %s", *names)
    log.info("keywords %s", value, **{})
    say("told by a helper")
    if value and (log.info("in a condition") or True):
        [log.info("in a comprehension") for _ in "x"]
    try:
        raise ValueError
    except ValueError:
        log.exception("a handler")
    finally:
        log.info("the end")
"""
VALUES = """
def run(log, say, level, value, pick, names):
    constant = "y"
    log.info(value, "y")
    log.info(value)
    log.info(constant)
    log.info(value or "y")
    log.info("y" and value)
    log.info("y" if value == "y" else "n")
    log.info(pick("y"))
    log.info({"y": "y"}[value])
    log.info({"y": value}["y"])
    log.info(f"{value}")
    log.info("%s" % value)
    log.info("".join(["y"]))
    log.info(str("y"))
    log.info(*names)
    log.info(*[value, "y"])
    log.log(20, value, "y")
    log.log(20, value if value == "y" else "n", "y")
    log.log(level.INFO, pick("y"))
    log.info(msg=value, extra={"y": "y"})
    log.info((lambda: "y")())
    log.info([part for part in "y"][0])
    say(value, "y")
    say(pick("y"))
"""


@pytest.mark.parametrize(
    ("source", "shown", "records"),
    [(LITERALS, True, 18), (VALUES, False, 23)],
    ids=["literals", "values"],
)
def test_a_text_is_shown_only_if_it_is_written_in_the_logging_call(
    source: str, shown: bool, records: int
) -> None:
    """A short text, or one that looks like a name, is the same object wherever Python meets it."""
    output = configured()
    log = logging.getLogger("contract")

    def say(text: str, *_: object) -> None:
        log.info(text, stacklevel=2)

    made: dict[str, Callable[..., None]] = {}
    exec(compile(source, "a_contract.py", "exec"), made)
    made["run"](log, say, logging, "y", lambda text: text, ("y",))
    texts = [str(record["message"]) for record in output.records]
    assert len(texts) == records
    withheld = [number for number, text in enumerate(texts) if text == "(text withheld)"]
    assert withheld == ([] if shown else list(range(records)))


def test_code_without_positions_has_no_literals() -> None:
    code = (
        "import logging\nfrom fabric_shim import logs\nlogs.configure('INFO', 'text')\n"
        "logging.getLogger('x').info('a text')\n"
    )
    command = [sys.executable, "-X", "no_debug_ranges", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "(name withheld) (text withheld)" in done.stderr
