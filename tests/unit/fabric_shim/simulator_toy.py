"""Chaincodes for the simulator's tests: small commands, so that a test reads like what peers do."""

from __future__ import annotations

import asyncio
import base64
import datetime
import getpass
import json
import os
import random
import socket
import time
import uuid
from collections.abc import Awaitable, Callable

from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.stub import ChaincodeStub


class Toy(Chaincode):
    """Each function takes the stub and text arguments, and may return text."""

    async def invoke(self, stub: ChaincodeStub) -> Response:
        name, arguments = stub.get_function_and_parameters()
        function: Callable[..., Awaitable[str | None]] = getattr(self, name)
        return Response.success((await function(stub, *arguments) or "").encode())

    async def put(self, stub: ChaincodeStub, *keys: str) -> None:
        for key in keys:
            await stub.put_state(key, b"v")

    async def delete(self, stub: ChaincodeStub, key: str) -> None:
        await stub.del_state(key)

    async def get(self, stub: ChaincodeStub, *keys: str) -> str:
        return ",".join([(await stub.get_state(key) or b"-").decode() for key in keys])

    async def copy(self, stub: ChaincodeStub, source: str, target: str) -> None:
        await stub.put_state(target, await stub.get_state(source) or b"nothing")

    async def count(self, stub: ChaincodeStub, start: str, end: str, target: str) -> str:
        found = [kv.key async for kv in stub.get_state_by_range(start, end)]
        await stub.put_state(target, str(len(found)).encode())
        return ",".join(found)

    async def first(self, stub: ChaincodeStub, start: str, end: str) -> str:
        async with stub.get_state_by_range(start, end) as found:
            return (await anext(found)).key

    async def changes(self, stub: ChaincodeStub, key: str) -> str:
        return ",".join([change.timestamp.isoformat() async for change in stub.get_history_for_key(key)])

    async def protect(self, stub: ChaincodeStub, key: str, policy: str) -> None:
        await stub.set_state_validation_parameter(key, base64.b64decode(policy))

    async def protection(self, stub: ChaincodeStub, key: str) -> str:
        return base64.b64encode(await stub.get_state_validation_parameter(key) or b"").decode()

    async def put_private(self, stub: ChaincodeStub, collection: str, *keys: str) -> None:
        for key in keys:
            await stub.put_private_data(collection, key, stub.get_transient().get("value", b"v"))

    async def delete_private(self, stub: ChaincodeStub, collection: str, key: str) -> None:
        await stub.del_private_data(collection, key)

    async def purge_private(self, stub: ChaincodeStub, collection: str, key: str) -> None:
        await stub.purge_private_data(collection, key)

    async def get_private(self, stub: ChaincodeStub, collection: str, key: str) -> str:
        return (await stub.get_private_data(collection, key) or b"-").decode()

    async def get_privates(self, stub: ChaincodeStub, collection: str, *keys: str) -> str:
        found = await stub.get_multiple_private_data(collection, *keys)
        return ",".join((value or b"-").decode() for value in found)

    async def private_hash(self, stub: ChaincodeStub, collection: str, key: str) -> str:
        return (await stub.get_private_data_hash(collection, key) or b"").hex()

    async def list_private(self, stub: ChaincodeStub, collection: str) -> str:
        return ",".join([kv.key async for kv in stub.get_private_data_by_range(collection, "", "")])

    async def protect_private(self, stub: ChaincodeStub, collection: str, key: str, policy: str) -> None:
        await stub.set_private_data_validation_parameter(collection, key, base64.b64decode(policy))

    async def emit(self, stub: ChaincodeStub, name: str) -> None:
        await stub.put_state(name, b"v")
        stub.set_event(name, b"payload")

    async def call(self, stub: ChaincodeStub, chaincode: str, channel: str, *arguments: str) -> str:
        answer = await stub.invoke_chaincode(
            chaincode, [argument.encode() for argument in arguments], channel
        )
        return f"{answer.status} {answer.message} {answer.payload.decode()}"

    async def whoami(self, stub: ChaincodeStub) -> str:
        fields = sorted(stub.get_transient())
        creator = base64.b64encode(stub.get_creator()).decode()
        return json.dumps([stub.get_tx_id(), stub.get_channel_id(), fields, creator])

    async def rich(self, stub: ChaincodeStub, collection: str = "") -> str:
        if collection:
            return str([kv async for kv in stub.get_private_data_query_result(collection, "{}")])
        return str([kv async for kv in stub.get_query_result("{}")])

    async def peer(self, stub: ChaincodeStub) -> str:
        return stub.get_mspid()

    async def sleep(self, _stub: ChaincodeStub) -> None:
        await asyncio.sleep(0)

    async def leave(self, _stub: ChaincodeStub) -> None:
        raise SystemExit(3)


class Unsteady(Toy):
    """Every function gives something else on the next peer."""

    def __init__(self) -> None:
        self._calls = 0
        self._made = time.time()

    async def made(self, stub: ChaincodeStub) -> str:
        return str(int(self._made))

    async def hash_order(self, stub: ChaincodeStub) -> str:
        return ",".join({f"name-{number}" for number in range(20)})

    async def hash_value(self, stub: ChaincodeStub) -> None:
        await stub.put_state("hash", str(hash("text")).encode())

    async def random_key(self, stub: ChaincodeStub) -> None:
        await stub.put_state(f"key-{random.random()}", b"v")

    async def unique(self, stub: ChaincodeStub) -> None:
        await stub.put_private_data("_implicit_org_AMSP", "id", str(uuid.uuid4()).encode())

    async def year(self, stub: ChaincodeStub) -> None:
        stub.set_event("year", str(datetime.datetime.now(datetime.UTC).year).encode())

    async def today(self, stub: ChaincodeStub) -> str:
        return str(datetime.date.today())

    async def clock(self, stub: ChaincodeStub) -> None:
        await stub.get_state(f"key-{int(time.time()) // 86400}")

    async def local_time(self, stub: ChaincodeStub) -> str:
        return stub.get_tx_timestamp().astimezone().strftime("%H")

    async def year_in_text(self, stub: ChaincodeStub) -> str:
        return time.strftime("%Y") + time.asctime()[-4:]

    async def seconds(self, stub: ChaincodeStub) -> str:
        return f"{int(time.clock_gettime(time.CLOCK_REALTIME))} {int(time.process_time())}"

    async def host(self, stub: ChaincodeStub) -> str:
        return socket.gethostname() + os.uname().nodename

    async def user(self, stub: ChaincodeStub) -> str:
        return getpass.getuser()

    async def fixed_time(self, stub: ChaincodeStub) -> str:
        moment = time.gmtime(0)
        return time.strftime("%Y", moment) + time.asctime(moment)

    async def environment(self, stub: ChaincodeStub) -> str:
        return os.environ["HOME"]

    async def object_counter(self, stub: ChaincodeStub) -> str:
        self._calls += 1
        return str(self._calls)

    async def module_counter(self, stub: ChaincodeStub) -> str:
        CALLS.append(stub.get_tx_id())
        return str(len(CALLS))


CALLS: list[str] = []


def unsteady() -> Chaincode:
    return Unsteady()
