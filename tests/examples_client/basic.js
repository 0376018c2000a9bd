// The calls of asset-transfer-basic's applications.
import { evaluate, report, run, submit, text } from './application.js';

await run('basic', async (org1) => {
    const assetId = `asset${Date.now()}`;
    const { contract } = org1;

    await report('InitLedger', async () => text(await contract.submitTransaction('InitLedger')));
    await report('GetAllAssets', () => evaluate(org1, 'GetAllAssets'));
    await report('CreateAsset', async () =>
        text(await contract.submitTransaction('CreateAsset', assetId, 'yellow', '5', 'Tom', '1300')),
    );
    await report('CreateAsset again', () =>
        contract.submitTransaction('CreateAsset', assetId, 'yellow', '5', 'Tom', '1300'),
    );
    await report('TransferAsset', () => submit([org1], org1, 'TransferAsset', { arguments: [assetId, 'Saptha'] }));
    await report('ReadAsset', () => evaluate(org1, 'ReadAsset', assetId));
    await report('UpdateAsset', async () =>
        text(await contract.submitTransaction('UpdateAsset', 'asset1', 'blue', '5', 'Tomoko', '400')),
    );
    await report('ReadAsset updated', () => evaluate(org1, 'ReadAsset', 'asset1'));
    await report('UpdateAsset missing', () =>
        contract.submitTransaction('UpdateAsset', 'asset70', 'blue', '5', 'Tomoko', '300'),
    );
    await report('UpdateAsset without arguments', () => contract.submitTransaction('UpdateAsset'));
    await report('DeleteAsset', async () => text(await contract.submitTransaction('DeleteAsset', assetId)));
    await report('AssetExists', () => evaluate(org1, 'AssetExists', assetId));
    await report('AssetExists asset1', () => evaluate(org1, 'AssetExists', 'asset1'));
});
