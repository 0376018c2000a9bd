// Does single steps of a transaction that was begun elsewhere: a line of JSON in, a line out; bytes in base64.
import { readFile } from 'node:fs/promises';
import { createPrivateKey } from 'node:crypto';
import { createInterface } from 'node:readline';
import * as grpc from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';

const network = JSON.parse(await readFile(process.argv[2], 'utf8'));
const [organization] = network.organizations;
const roots = await readFile(organization.tlsRoots);
const client = new grpc.Client(organization.endpoint, grpc.credentials.createSsl(roots), {
    'grpc.ssl_target_name_override': organization.serverName,
});
const gateway = connect({
    client,
    identity: { mspId: organization.mspId, credentials: await readFile(organization.certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(await readFile(organization.key))),
    hash: hash.sha256,
});

const told = (bytes) => Buffer.from(bytes).toString('base64');
const shown = (signable) => ({
    bytes: told(signable.getBytes()),
    digest: told(signable.getDigest()),
    transactionId: signable.getTransactionId(),
});

const steps = {
    propose: ({ chaincode, name, args }) =>
        shown(
            gateway.getNetwork(network.channel).getContract(chaincode).newProposal(name, { arguments: args }),
        ),
    proposal: ({ bytes }) => shown(gateway.newProposal(bytes)),
    endorse: async ({ bytes }) => shown(await gateway.newProposal(bytes).endorse()),
    submit: async ({ bytes }) => shown(await gateway.newTransaction(bytes).submit()),
    status: async ({ bytes }) => {
        const status = await gateway.newCommit(bytes).getStatus();
        return { successful: status.successful, code: status.code, transactionId: status.transactionId };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const { step, ...given } = JSON.parse(line);
    const bytes = given.bytes === undefined ? undefined : Buffer.from(given.bytes, 'base64');
    console.log(JSON.stringify(await steps[step]({ ...given, bytes })));
}
gateway.close();
client.close();
