// What the four applications share: they connect as each organisation of the network that the file named on the
// command line describes, and print one line of JSON for every call: what it gave, or how it failed.
import { readFile } from 'node:fs/promises';
import { createPrivateKey } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';

const decoder = new TextDecoder();

export const text = (bytes) => decoder.decode(bytes);

export async function run(chaincodeName, application) {
    const { channel, organizations } = JSON.parse(await readFile(process.argv[2], 'utf8'));
    const members = [];
    try {
        for (const organization of organizations) {
            members.push(await join(organization, channel, chaincodeName));
        }
        await application(...members);
    } finally {
        for (const member of members) {
            member.gateway.close();
            member.client.close();
        }
    }
}

export async function report(step, call) {
    try {
        console.log(JSON.stringify({ step, result: (await call()) ?? null }));
    } catch (error) {
        const { message, code = null, details = [] } = error;
        const peers = details.map((detail) => ({ mspId: detail.mspId, message: detail.message }));
        console.log(JSON.stringify({ step, error: error.name, message, code, peers }));
    }
}

// Submits without waiting, as a user interface would, then for the commit at the peers of all members.
export async function submit(members, submitter, name, options = {}) {
    const commit = await submitter.contract.submitAsync(name, options);
    const status = await commit.getStatus();
    await Promise.all(members.map((member) => reach(member.network, status.blockNumber)));
    return { result: text(commit.getResult()), successful: status.successful, code: status.code };
}

export async function evaluate(member, name, ...args) {
    return text(await member.contract.evaluateTransaction(name, ...args));
}

async function join({ mspId, endpoint, serverName, tlsRoots, certificate, key }, channel, chaincodeName) {
    const client = new grpc.Client(endpoint, grpc.credentials.createSsl(await readFile(tlsRoots)), {
        'grpc.ssl_target_name_override': serverName,
    });
    const gateway = connect({
        client,
        identity: { mspId, credentials: await readFile(certificate) },
        signer: signers.newPrivateKeySigner(createPrivateKey(await readFile(key))),
        evaluateOptions: () => ({ deadline: Date.now() + 15_000 }),
        endorseOptions: () => ({ deadline: Date.now() + 30_000 }),
        submitOptions: () => ({ deadline: Date.now() + 15_000 }),
        commitStatusOptions: () => ({ deadline: Date.now() + 60_000 }),
    });
    const network = gateway.getNetwork(channel);
    return { mspId, client, gateway, network, contract: network.getContract(chaincodeName) };
}

async function reach(network, startBlock) {
    const blocks = await network.getFilteredBlockEvents({ startBlock });
    try {
        await blocks[Symbol.asyncIterator]().next();
    } finally {
        blocks.close();
    }
}
