// Re-creates with Node's client what the test made, makes the same itself, and tells what it sees; nothing is sent.
import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { connect } from '@hyperledger/fabric-gateway';

const given = JSON.parse(readFileSync(0, 'utf8'));
const client = new grpc.Client('127.0.0.1:9', grpc.credentials.createInsecure());
const gateway = connect({
    client,
    identity: { mspId: given.mspId, credentials: Buffer.from(given.certificate, 'base64') },
});
const network = gateway.getNetwork('channel1');

function told(signable) {
    return {
        bytes: Buffer.from(signable.getBytes()).toString('base64'),
        digest: Buffer.from(signable.getDigest()).toString('hex'),
        transactionId: signable.getTransactionId?.(),
    };
}

const again = {
    Proposal: bytes => gateway.newProposal(bytes),
    Transaction: bytes => gateway.newTransaction(bytes),
    Commit: bytes => gateway.newCommit(bytes),
    ChaincodeEventsRequest: bytes => gateway.newChaincodeEventsRequest(bytes),
    BlockEventsRequest: bytes => gateway.newBlockEventsRequest(bytes),
    FilteredBlockEventsRequest: bytes => gateway.newFilteredBlockEventsRequest(bytes),
    BlockAndPrivateDataEventsRequest: bytes => gateway.newBlockAndPrivateDataEventsRequest(bytes),
};
const recreated = {};
for (const [kind, bytes] of Object.entries(given.made)) {
    recreated[kind] = told(again[kind](Buffer.from(bytes, 'base64')));
}

const proposal = network.getContract('basic').newProposal('Create', {
    arguments: ['a', Buffer.from([0xff])],
    transientData: { secret: 'value' },
    endorsingOrganizations: ['Org2MSP'],
});
const made = {
    Proposal: told(proposal),
    ChaincodeEventsRequest: told(network.newChaincodeEventsRequest('basic', { startBlock: 3n })),
    BlockEventsRequest: told(network.newBlockEventsRequest({ startBlock: 3n })),
    FilteredBlockEventsRequest: told(network.newFilteredBlockEventsRequest({ startBlock: 3n })),
    BlockAndPrivateDataEventsRequest: told(network.newBlockAndPrivateDataEventsRequest({ startBlock: 3n })),
};
const signed = gateway.newSignedProposal(proposal.getBytes(), Buffer.from('signature'));
made.SignedProposal = told(signed);
console.log(JSON.stringify({ recreated, made }));
gateway.close();
client.close();
