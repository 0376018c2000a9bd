'use strict';

// The chaincode of bench/stream_chaincode.py for Node: as many ledger calls as the transaction asks for.

const shim = require('fabric-shim');

const VALUE = Buffer.alloc(100);

class Measured {
    async Init() {
        return shim.success();
    }

    async Invoke(stub) {
        const { fcn, params } = stub.getFunctionAndParameters();
        const keys = Array.from({ length: Number(params[0]) }, (_, number) => `key-${number}`);
        if (fcn === 'put' || fcn === 'put-and-get') {
            for (const key of keys) {
                await stub.putState(key, VALUE);
            }
        }
        if (fcn !== 'put' && fcn !== 'empty') {
            for (const key of keys) {
                await stub.getState(key);
            }
        }
        return shim.success();
    }
}

shim.server(new Measured(), {
    ccid: process.env.CHAINCODE_ID,
    address: process.env.CHAINCODE_SERVER_ADDRESS,
}).start();
