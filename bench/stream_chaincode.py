"""The chaincode that the scripted peer of ``bench.stream`` measures: ``empty``, ``put <n>``, ``get <n>``,
``get-multiple <n>``, ``put-and-get <n>`` (writes, then reads them with as few messages as there may be)."""

from __future__ import annotations

import sys

from fabric_shim import Chaincode, ChaincodeStub, Response, serve

VALUE = bytes(100)


class Measured(Chaincode):
    """Does as many ledger calls as the transaction asks for."""

    async def invoke(self, stub: ChaincodeStub) -> Response:
        function, count = stub.get_function_and_parameters()
        keys = [f"key-{number}" for number in range(int(count[0]))]
        if function in ("put", "put-and-get"):
            for key in keys:
                await stub.put_state(key, VALUE)
        if function == "get":
            for key in keys:
                await stub.get_state(key)
        elif function in ("get-multiple", "put-and-get"):
            await stub.get_multiple_states(*keys)
        return Response.success()


if __name__ == "__main__":
    sys.exit(serve(Measured()))
