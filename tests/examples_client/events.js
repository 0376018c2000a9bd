// The calls of asset-transfer-events' applications: events as they come, the same ones replayed, and an asset whose
// price only its owner's organisation keeps.
import { evaluate, report, run, submit, text } from './application.js';

const CHAINCODE = 'events';

await run(CHAINCODE, async (org1, org2) => {
    const assetId = `asset${Date.now()}`;
    const everywhere = [org1, org2];
    const change = (name, ...args) => report(name, () => submit(everywhere, org1, name, { arguments: args }));
    const live = await org1.network.getChaincodeEvents(CHAINCODE);
    const { contract, network } = org1;
    const created = await contract.submitAsync('CreateAsset', { arguments: [assetId, 'yellow', '5', 'Tom', '100'] });
    const { blockNumber: startBlock } = await created.getStatus();

    await change('UpdateAsset', assetId, 'yellow', '5', 'Tom', '200');
    await report('ReadAsset', () => evaluate(org1, 'ReadAsset', assetId));
    await change('TransferAsset', assetId, 'Saptha');
    await change('DeleteAsset', assetId);
    await report('events', () => untilDeletion(live));
    await report('replayed', async () => untilDeletion(await network.getChaincodeEvents(CHAINCODE, { startBlock })));

    await priced(everywhere, `item-${assetId}`);
});

async function priced(everywhere, assetId) {
    const [org1, org2] = everywhere;
    const withPrice = (price) => ({
        transientData: {
            asset_properties: JSON.stringify({
                object_type: 'asset_properties',
                asset_id: assetId,
                Price: price,
                salt: '3939',
            }),
        },
        endorsingOrganizations: [org1.mspId],
    });
    const args = [assetId, 'blue', '10', 'Sam', '100'];
    await report('CreateAsset priced', () =>
        submit(everywhere, org1, 'CreateAsset', { arguments: args, ...withPrice('90') }),
    );
    await report('ReadAsset priced', () => evaluate(org1, 'ReadAsset', assetId));
    await report('ReadAsset priced as Org2', () => evaluate(org2, 'ReadAsset', assetId));
    await report('TransferAsset priced', () =>
        submit(everywhere, org1, 'TransferAsset', { arguments: [assetId, 'Mary'], ...withPrice('180') }),
    );
    await report('ReadAsset priced again', () => evaluate(org1, 'ReadAsset', assetId));
    await report('DeleteAsset priced', () => submit(everywhere, org1, 'DeleteAsset', { arguments: [assetId] }));
    await report('ReadAsset deleted', () => evaluate(org1, 'ReadAsset', assetId));
}

async function untilDeletion(events) {
    const seen = [];
    try {
        for await (const event of events) {
            seen.push({ name: event.eventName, payload: text(event.payload) });
            if (event.eventName === 'DeleteAsset') {
                break;
            }
        }
    } finally {
        events.close();
    }
    return seen;
}
