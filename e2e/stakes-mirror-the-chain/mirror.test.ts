// The read model counts stakes from logs alone. Whatever happens on the chain, it must come to the same wei as the contract;
// and what the staking domain proves, the contract must pay.
import fc from 'fast-check';
import { id, type Result } from 'ethers';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres } from '@oort/kernel-projection';
import { uuidV5, type Json } from '@oort/kernel-wire';
import { Reverted, TestChain, account, platform, type Log } from '@oort/ledger-contracts/test-chain';
import { delegations, poolOf, stakesProjection } from '@oort/projections-stakes';
import { distributionProof, distributionRoot } from '@oort/subgraphs-staking';

const oort = 10n ** 18n;
const stop = new AbortController();
let store: EventStore;
let readModels: Awaited<ReturnType<typeof openReadModels>>;
let closing: () => Promise<void>;
let events = 0;

beforeAll(async () => {
  const postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [stakesProjection], store });
  await readModels.start(stop.signal);
  closing = async () => { stop.abort(); await readModels.close(); await postgres.stop(); };
});
afterAll(() => closing());

async function observe(logs: readonly Log[]): Promise<void> {
  for (const { contract, event, args } of logs) {
    events += 1;
    const data: Json = { contract, event, args: named(args), txHash: `0x${events}`, logIndex: 0, blockNumber: events };
    const metadata = { actor: 'chain', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
    const { position } = await store.append('chain-logs', 'any', [{ id: uuidV5(`log/${events}`), type: 'ChainLogObserved', data, metadata }]);
    await readModels.waitFor('stakes', position);
  }
}

function named(args: Result): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(args.toObject()).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]));
}

const person = fc.integer({ min: 0, max: 2 });
const amount = fc.bigInt({ min: oort, max: 30n * oort });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delegate' as const), from: person, pool: person, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('requestExit' as const), from: person, pool: person, amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), from: person, pool: person, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('slash' as const), from: person, pool: person, amount: fc.constantFrom(137n, 1_000n, 4_999n, 8_999n) }) },
);

it('counts every stake as the contract does', async () => {
  let run = 0;
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
    run += 1;
    const chain = await TestChain.open();
    const people = [0, 1, 2].map((index) => account(`person ${index} of run ${run}`).toLowerCase());
    for (const each of people) {
      await chain.give(each, 1_000n * oort);
      await observe(await chain.send(each, 'StakingPools', 'createPool', [500], 11n * oort));
    }
    for (const [index, { kind, from, pool, amount: value }] of steps.entries()) {
      chain.pass(31);
      await observe(await attempted(chain, kind, people[from] ?? '', people[pool] ?? '', value, id(`${run}/${index}`)));
    }
    for (const pool of people) {
      const row = await poolOf(readModels.database, pool);
      const [own, delegated, exiting] = [...await chain.view('StakingPools', 'stakeOf', [pool])] as bigint[];
      expect([row?.own, row?.delegated, row?.exiting]).toEqual([String(own), String(delegated), String(exiting)]);
      const held = await delegations(readModels.database, { pool });
      for (const delegator of people) {
        const [worth] = await chain.view('StakingPools', 'delegationOf', [pool, delegator]);
        expect(held.find((each) => each.delegator === delegator)?.amountWei ?? 0n).toBe(worth);
      }
    }
  }), { numRuns: 6 });
});

async function attempted(chain: TestChain, kind: string, from: string, pool: string, value: bigint, caseId: string): Promise<readonly Log[]> {
  try {
    switch (kind) {
      case 'delegate': return await chain.send(from, 'StakingPools', 'delegate', [pool], value);
      case 'requestExit': return await chain.send(from, 'StakingPools', 'requestExit', [pool, value]);
      case 'withdraw': return await chain.send(from, 'StakingPools', 'withdraw', [pool]);
      default: {
        await chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, pool, value, id('evidence')]);
        await chain.send(chain.at.get('JuryCourt') ?? '', 'HonestyCourt', 'recordJury', [caseId, 7, 0, id('votes')]);
        return await chain.send(platform, 'HonestyCourt', 'settle', [caseId]);
      }
    }
  } catch (error) {
    if (error instanceof Reverted) return [];
    throw error;
  }
}

it('what is proven is paid, to everybody and to the wei', async () => {
  const chain = await TestChain.open();
  const leaves = Array.from({ length: 7 }, (_, index) => ({ address: account(`earner ${index}`), cumulativeWei: String(BigInt(index + 1) * oort + 1n) }));
  const total = leaves.reduce((sum, { cumulativeWei }) => sum + BigInt(cumulativeWei), 0n);
  await chain.give(platform, total);
  await chain.send(platform, 'Rewards', 'publish', [1, `0x${distributionRoot(leaves)}`, total], total);
  for (const { address, cumulativeWei } of leaves) {
    await chain.send(platform, 'Rewards', 'claim', [address, cumulativeWei, distributionProof(leaves, address)]);
    expect(await chain.balance(address)).toBe(BigInt(cumulativeWei));
  }
  expect(await chain.balance(chain.at.get('Rewards') ?? '')).toBe(0n);
});
