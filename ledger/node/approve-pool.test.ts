// Section 4: which tickets a node takes, and that it still has them after a restart.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localParameters, signApprove } from '@oort/ledger-chain';
import { applyGenesis, openChainStore, StableChain } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import { localAllocations } from './development-accounts';
import { ApprovePool } from './approve-pool';
import { documentOf } from './genesis-document';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'olympus-approves-'));
const parameters = localParameters();
const keys = Array.from({ length: 4 }, () => newWitnessKey());
const [witness] = keys;
let store: ChainStore;
let pool: ApprovePool;

beforeAll(async () => {
  store = openChainStore(directory);
  await applyGenesis(store, documentOf({ parameters, witnesses: keys.map(({ address }) => address), allocations: localAllocations(), deployments: [] }), new Map());
  pool = new ApprovePool(store, new StableChain(store), parameters);
});

afterAll(async () => {
  await store.root.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Whether its proof holds is judged when it runs. */
const ticket = (epoch: number, key: string, chainId = parameters.chainId): string => signApprove({ epoch, proof: `0x${'07'.repeat(81)}` }, chainId, key);

test.each<[string, () => string]>([
  ['APPROVE_MALFORMED', () => '0x1234'],
  ['APPROVE_MALFORMED', () => ticket(0, witness?.privateKey ?? '', 970)],
  ['APPROVE_OF_ANOTHER_EPOCH', () => ticket(1, witness?.privateKey ?? '')],
  ['APPROVE_WITHOUT_STAKE', () => ticket(0, newWitnessKey().privateKey)],
])('%s', async (code, make) => {
  await expect(pool.submit(make())).rejects.toMatchObject({ code });
  expect(pool.pending(10)).toEqual([]);
});

test('one of this epoch by somebody with stake is kept, offered, once, and still there after a restart', async () => {
  const raw = ticket(0, witness?.privateKey ?? '');
  const { hash, fresh } = await pool.submit(raw);
  expect([fresh, await pool.submit(raw)]).toEqual([true, { hash, fresh: false }]);
  expect([pool.linkable(new Set(), 10), pool.linkable(new Set([hash]), 10)]).toEqual([[hash], []]);
  expect(new ApprovePool(store, new StableChain(store), parameters).pending(10)).toEqual([hash]);
});
