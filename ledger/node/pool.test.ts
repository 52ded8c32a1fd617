// What the pool refuses by the state of an account: each with its code, in words that clients of geth know.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import type { TransactionLike } from 'ethers';
import { localParameters } from '@oort/ledger-chain';
import { applyGenesis, openChainStore, StableChain, StateReading } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import { developmentWallet, localAllocations } from './development-accounts';
import { documentOf } from './genesis-document';
import { TransactionPool } from './pool';
import { newWitnessKey } from './witness-keys';

const directory = mkdtempSync(join(tmpdir(), 'olympus-pool-'));
const parameters = localParameters({ maximumPendingPerAccount: 3 });
const rich = developmentWallet(0);
let store: ChainStore;
let pool: TransactionPool;

beforeAll(async () => {
  store = openChainStore(directory);
  const witnesses = Array.from({ length: 4 }, () => newWitnessKey().address);
  await applyGenesis(store, documentOf({ parameters, witnesses, allocations: localAllocations(), deployments: [] }), new Map());
  pool = new TransactionPool(store, new StableChain(store), new StateReading(store, parameters, () => 0), parameters);
  for (const nonce of [0, 1]) await pool.submit(await signed(rich, { nonce }));
});

afterAll(async () => {
  await pool.close();
  await store.root.close();
  rmSync(directory, { recursive: true, force: true });
});

const signed = (wallet: Pick<Wallet, 'signTransaction'>, changes: TransactionLike): Promise<string> =>
  wallet.signTransaction({ type: 0, chainId: parameters.chainId, nonce: 0, to: rich.address, value: 1n, gasLimit: 21_000n, gasPrice: 1_000_000_000n, ...changes });

test.each<[string, RegExp, () => Promise<string>]>([
  ['NONCE_TAKEN', /^replacement transaction underpriced/, () => signed(rich, { nonce: 1, value: 2n })],
  ['INTRINSIC_GAS', /^intrinsic gas too low: have 20999, want 21000/, () => signed(rich, { nonce: 2, gasLimit: 20_999n })],
  ['INSUFFICIENT_FUNDS', /^insufficient funds for gas \* price \+ value/, () => signed(Wallet.createRandom(), {})],
  ['INSUFFICIENT_FUNDS', /^insufficient funds/, () => signed(rich, { nonce: 2, value: 10n ** 30n })],
  ['TRANSACTION_MALFORMED', /max initcode size exceeded|initcode/, () => signed(rich, { nonce: 2, to: null, data: `0x${'00'.repeat(49_153)}`, gasLimit: 9_000_000n })],
  ['TRANSACTION_GAS_TOO_HIGH', /^exceeds block gas limit/, () => signed(rich, { nonce: 2, gasLimit: 50_000_001n })],
  ['TRANSACTION_PRICE_NOT_TAKEN', /^transaction underpriced/, () => signed(rich, { nonce: 2, gasPrice: 1n })],
  ['TRANSACTION_OF_ANOTHER_CHAIN', /^invalid chain id/, () => signed(rich, { nonce: 2, chainId: 970 })],
])('%s: %s', async (code, message, make) => {
  await expect(pool.submit(await make())).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  expect(pool.size).toBe(2);
});

test('TOO_MANY_PENDING: beyond so many of one account; a gap counts too, another account does not', async () => {
  await pool.submit(await signed(rich, { nonce: 5 }));
  await expect(pool.submit(await signed(rich, { nonce: 6 }))).rejects.toMatchObject({ code: 'TOO_MANY_PENDING' });
  await pool.submit(await signed(developmentWallet(1), {}));
  expect(pool.size).toBe(4);
});
