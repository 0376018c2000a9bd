// The calls of asset-transfer-private-data's applications.
import { evaluate, report, run, submit } from './application.js';

await run('private', async (org1, org2) => {
    const now = Date.now();
    const [assetID1, assetID2] = [`asset${now}`, `asset${now + 1}`];
    const send = (member, name, field, document) => () =>
        submit([org1, org2], member, name, { transientData: { [field]: JSON.stringify(document) } });
    const properties = (assetID, color, size, appraisedValue) => ({
        objectType: 'ValuableAsset',
        assetID,
        color,
        size,
        appraisedValue,
    });
    const transfer = send(org1, 'TransferAsset', 'asset_owner', { assetID: assetID1, buyerMSP: org2.mspId });

    await report('CreateAsset', send(org1, 'CreateAsset', 'asset_properties', properties(assetID1, 'green', 20, 100)));
    await report('CreateAsset 2', send(org1, 'CreateAsset', 'asset_properties', properties(assetID2, 'blue', 35, 727)));
    await report('GetAssetByRange', () => evaluate(org1, 'GetAssetByRange', assetID1, `asset${now + 2}`));
    await report('TransferAsset unagreed', transfer);
    await report('ReadAsset', () => evaluate(org2, 'ReadAsset', assetID1));
    await report('ReadAssetPrivateDetails of Org1 as Org2', () =>
        evaluate(org2, 'ReadAssetPrivateDetails', 'Org1MSPPrivateCollection', assetID1),
    );
    await report(
        'AgreeToTransfer',
        send(org2, 'AgreeToTransfer', 'asset_value', { assetID: assetID1, appraisedValue: 100 }),
    );
    await report('ReadTransferAgreement', () => evaluate(org1, 'ReadTransferAgreement', assetID1));
    await report('TransferAsset', transfer);
    await report('ReadAsset transferred', () => evaluate(org1, 'ReadAsset', assetID1));
    await report('ReadAssetPrivateDetails of Org1', () =>
        evaluate(org1, 'ReadAssetPrivateDetails', 'Org1MSPPrivateCollection', assetID1),
    );
    await report('ReadAssetPrivateDetails of Org2', () =>
        evaluate(org2, 'ReadAssetPrivateDetails', 'Org2MSPPrivateCollection', assetID1),
    );
    await report('DeleteAsset as Org2', send(org2, 'DeleteAsset', 'asset_delete', { assetID: assetID2 }));
    await report('DeleteAsset', send(org1, 'DeleteAsset', 'asset_delete', { assetID: assetID2 }));
    await report('ReadAsset deleted', () => evaluate(org1, 'ReadAsset', assetID2));
    await report('PurgeAsset', send(org1, 'PurgeAsset', 'asset_purge', { assetID: assetID2 }));
});
