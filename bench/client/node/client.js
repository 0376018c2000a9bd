// The Node client of the measurements: what bench/chaincode/go/client is in Go, on @hyperledger/fabric-gateway.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { CommitError, connect, hash, signers } from '@hyperledger/fabric-gateway';

const NAMES = ['address', 'name', 'root', 'msp', 'certificate', 'key', 'channel'];
const TIMEOUT = 60_000;

// The other clients are told -name=value.
const { values: told } = parseArgs({
  args: process.argv.slice(2).map((argument) => `-${argument}`),
  options: Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])),
});

const connection = new grpc.Client(told.address, grpc.credentials.createSsl(readFileSync(told.root)), {
  'grpc.ssl_target_name_override': told.name,
});
const deadline = () => ({ deadline: Date.now() + TIMEOUT });
const gateway = connect({
  client: connection,
  identity: { mspId: told.msp, credentials: readFileSync(told.certificate) },
  signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(told.key))),
  hash: hash.sha256,
  evaluateOptions: deadline,
  endorseOptions: deadline,
  submitOptions: deadline,
  commitStatusOptions: deadline,
});
const network = gateway.getNetwork(told.channel);

for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  const outcome = wanted.replay > 0 ? await replay(wanted) : await drive(wanted);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
gateway.close();
connection.close();

// Each worker takes the next number, does its transaction, and notes how long it took.
async function drive(wanted) {
  const contract = network.getContract(wanted.chaincode);
  const call = (wanted.submit ? contract.submit : contract.evaluate).bind(contract);
  const transientData = Object.keys(wanted.transient).length > 0 ? wanted.transient : undefined;
  const took = [];
  const errors = {};
  let next = wanted.first;
  let result = '';
  const started = performance.now();
  const end = started + 1000 * wanted.seconds;
  const more = () => (wanted.count > 0 ? next < wanted.first + wanted.count : performance.now() < end);

  async function work() {
    while (more()) {
      const number = next++;
      const shown = String(wanted.modulo > 0 ? number % wanted.modulo : number);
      const began = performance.now();
      try {
        const payload = await call(wanted.function, {
          arguments: wanted.arguments.map((argument) => argument.replaceAll('{n}', shown)),
          transientData,
        });
        result = Buffer.from(payload).toString();
        took.push(performance.now() - began);
      } catch (error) {
        const reason = error instanceof CommitError ? String(error.code) : error.message;
        errors[reason] = (errors[reason] ?? 0) + 1;
      }
    }
  }

  await Promise.all(Array.from({ length: wanted.in_flight }, work));
  const seconds = (performance.now() - started) / 1000;
  took.sort((a, b) => a - b);
  return {
    transactions: took.length,
    seconds,
    p50: quantile(took, 0.5),
    p95: quantile(took, 0.95),
    next,
    errors,
    result,
  };
}

async function replay(wanted) {
  const started = performance.now();
  const events = await network.getChaincodeEvents(wanted.chaincode, { startBlock: 0n });
  let transactions = 0;
  let result = '';
  try {
    for await (const event of events) {
      transactions++;
      if (transactions === wanted.replay) {
        result = event.eventName;
        break;
      }
    }
  } finally {
    events.close();
  }
  const seconds = (performance.now() - started) / 1000;
  return { transactions, seconds, p50: 0, p95: 0, next: 0, errors: {}, result };
}

function quantile(ordered, share) {
  return ordered.length > 0 ? ordered[Math.floor(share * (ordered.length - 1))] : 0;
}
