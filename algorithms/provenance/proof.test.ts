import { eventLeaf, inclusionProof, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import type { PlatformEvent } from '@oort/schema';
import { checkProof, type ProofDocument } from '.';

type Recorded = Parameters<typeof eventLeaf>[0];

const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
const events: readonly PlatformEvent[] = [
  { type: 'AccountOpened', data: { accountId: 'account_1', address: '0x01', displayName: 'Ada' } },
  { type: 'NodeEnrolled', data: { nodeId: 'node_1', kind: 'edge', name: 'e', publicKey: '00', operator: '0x02', region: 'r', network: 'n', runtimeClass: 'cpu', endpoint: null } },
  { type: 'ModelCreated', data: { modelId: 'model_1', accountId: 'account_1', name: 'digits', architecture: {}, licence: 'CC0' } },
  { type: 'ModelVersionPublished', data: { versionId: 'version_1', modelId: 'model_1', runId: null, accountId: 'account_1', publisher: '0x01', modelContentId: 'b', modelRoot: 'aa', card: {} } },
  { type: 'PredictionRecorded', data: { predictionId: 'prediction_1', versionId: 'version_1', nodeId: 'node_1', deploymentId: null, jobId: null, inputHash: 'ii', outputHash: 'oo', label: '7', predictedAt: '2026-01-01T00:00:00.000Z' } },
  { type: 'AccountOpened', data: { accountId: 'account_2', address: '0x03', displayName: 'Bob' } },
];
const recorded: readonly Recorded[] = events.map((event, index) => ({
  id: `id-${index}`, stream: `s-${index}`, revision: 0n, position: BigInt(index), type: event.type, data: event.data, metadata,
}));
const leaves = recorded.map(eventLeaf);
const anchor = { treeSize: leaves.length, root: merkleRoot(leaves).toString('hex'), txHash: `0x${'ab'.repeat(32)}` };

function documentOf(indices: readonly number[], subject = 'prediction_1'): ProofDocument {
  return { format: 'oort-lineage-proof/1', subject, anchor, events: indices.map((index) => {
    const { id, stream, revision, type, data } = recorded[index] as Recorded;
    return { id, stream, revision: revision.toString(), type, data, metadata, index, path: inclusionProof(leaves, index).map((hash) => hash.toString('hex')) };
  }) };
}

const textOf = (document: ProofDocument): string => canonicalJson(document as unknown as Json);

describe('a lineage proof', () => {
  it('of everything behind a prediction holds', () => {
    expect(checkProof(textOf(documentOf([4, 3, 2, 1, 0])))).toMatchObject({ ok: true });
  });

  it.each([
    ['a missing origin', documentOf([4, 3, 2, 1]), 'BROKEN_LINEAGE'],
    ['an event that has nothing to do with it', documentOf([4, 3, 2, 1, 0, 5]), 'UNRELATED_EVENT'],
    ['an event twice', documentOf([4, 3, 2, 1, 0, 0]), 'DUPLICATE_EVENT'],
    ['another subject', documentOf([4, 3, 2, 1, 0], 'prediction_2'), 'SUBJECT_UNPROVEN'],
    ['another root', { ...documentOf([4, 3, 2, 1, 0]), anchor: { ...anchor, root: 'cd'.repeat(32) } }, 'NOT_IN_LOG'],
  ] as const)('with %s is refused', (_, document, refused) => {
    expect(checkProof(textOf(document))).toMatchObject({ ok: false, refused });
  });

  it('with any byte changed is refused, unless the change names another transaction, which the chain must refuse', () => {
    const text = Buffer.from(textOf(documentOf([4, 3, 2, 1, 0])));
    const transaction = text.indexOf(anchor.txHash);
    const accepted: number[] = [];
    for (let at = 0; at < text.length; at += 1) {
      if (at >= transaction && at < transaction + anchor.txHash.length) continue;
      for (const flip of [0x01, 0x20]) {
        const changed = Buffer.from(text);
        changed[at] = (changed[at] ?? 0) ^ flip;
        if (checkProof(changed.toString('utf8')).ok) accepted.push(at);
      }
    }
    expect(accepted).toEqual([]);
  });
});
