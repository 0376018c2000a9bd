// The calls of asset-transfer-sbe's application: who has to endorse changes with the owner.
import { evaluate, report, run, submit } from './application.js';

await run('sbe', async (org1, org2) => {
    const assetId = `asset-${Date.now()}`;
    const both = [org1, org2];
    const change = async (label, member, name, args, endorsers) => {
        const options = { arguments: [assetId, ...args], ...(endorsers && { endorsingOrganizations: endorsers }) };
        await report(label, () => submit(both, member, name, options));
        await report(`${label}: Org1 reads`, () => evaluate(org1, 'ReadAsset', assetId));
        await report(`${label}: Org2 reads`, () => evaluate(org2, 'ReadAsset', assetId));
    };

    await change('CreateAsset', org1, 'CreateAsset', ['100', 'Tom']);
    await change('UpdateAsset 200 endorsed by Org1', org1, 'UpdateAsset', ['200'], [org1.mspId]);
    await change('UpdateAsset 300 as Org1', org1, 'UpdateAsset', ['300']);
    await change('UpdateAsset 400 as Org2', org2, 'UpdateAsset', ['400']);
    await change('UpdateAsset 500 endorsed by Org2', org2, 'UpdateAsset', ['500'], [org2.mspId]);
    await change('TransferAsset', org1, 'TransferAsset', ['Henry', org2.mspId], [org1.mspId]);
    await change('UpdateAsset 600 endorsed by Org2', org2, 'UpdateAsset', ['600'], [org2.mspId]);
    await change('UpdateAsset 700 endorsed by Org1', org1, 'UpdateAsset', ['700'], [org1.mspId]);
    await change('DeleteAsset endorsed by Org1', org1, 'DeleteAsset', [], [org1.mspId]);
    await change('DeleteAsset endorsed by Org2', org2, 'DeleteAsset', [], [org2.mspId]);
});
