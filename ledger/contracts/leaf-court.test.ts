// A disputed leaf on the real machine, answered by the prover that nodes run: who has it is not slashed, who has not is.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Wallet, getBytes, id } from 'ethers';
import { commitBytes, commitPiece, InventoryTree, provePiece, verifyInventoryAnswer, type InventoryAnswer, type InventoryPiece } from '@oort/algorithms-possession';
import { localParameters } from '@oort/schema';
import { hostileCode } from './hostile';
import { TestChain, account, platform, refused, type Log } from './test-chain';

const oort = 10n ** 18n;
const [pool, delegator, doubter, anybody] = [account('pool'), account('delegator'), account('doubter'), account('anybody')];
const node = new Wallet(id('the key of a node'));
/** Longer than an exit takes. */
const leafAnswerSeconds = 60;
const { inventorySeconds, leafBondWei: bond, poolExitSeconds } = localParameters;

interface Made { readonly pool: string; readonly node: string; readonly root: string; readonly leaves: number; readonly madeAt: number }

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.open({ ...localParameters, leafAnswerSeconds });
  for (const person of [pool, delegator, doubter]) await chain.give(person, 1_000n * oort);
  await chain.send(pool, 'StakingPools', 'createPool', [500], 10n * oort);
  await chain.send(delegator, 'StakingPools', 'delegate', [pool], 10n * oort);
  await chain.send(pool, 'LeafCourt', 'enlist', [node.address]);
});

/** What a node has, and what it says of it. */
class Shelf {
  readonly tree: InventoryTree;

  constructor(private readonly held: ReadonlyMap<string, Buffer>, ofOld = false) {
    this.tree = new InventoryTree([...held].map(([pieceId, bytes]): InventoryPiece => ({ pieceId, ...(ofOld ? commitBytes(bytes) : commitPiece(bytes)) })));
  }

  static of(...sizes: readonly number[]): Shelf { return new Shelf(new Map(sizes.map((size, index) => [`piece_${index}`, randomBytes(size)]))); }

  made(change: Partial<Made> = {}): Made {
    return { pool, node: node.address, root: `0x${this.tree.root}`, leaves: this.tree.leaves, madeAt: Number(chain.time), ...change };
  }

  answer(index: number): InventoryAnswer {
    const { piece, leaf } = this.tree.locate(index) ?? { piece: { pieceId: '', root: '00'.repeat(32), leaves: 1 }, leaf: 0 };
    return { piece, path: this.tree.pathOf(piece), proof: provePiece(this.held.get(piece.pieceId) ?? Buffer.alloc(0), leaf, piece.leaves) };
  }
}

const inventoryId = async (made: Made): Promise<string> => String((await chain.view('LeafCourt', 'inventoryId', [made]))[0]);
const sign = async (made: Made, by = node): Promise<string> => by.signMessage(getBytes(await inventoryId(made)));
const dispute = async (made: Made, index: number, from = doubter): Promise<string> => {
  const logs = await chain.send(from, 'LeafCourt', 'dispute', [made, await sign(made), index], bond);
  return String(logs.find(({ event }) => event === 'LeafDisputed')?.args['disputeId']);
};
const onChain = ({ piece, path, proof }: InventoryAnswer): readonly unknown[] => [
  { id: piece.pieceId, root: `0x${piece.root}`, leaves: piece.leaves }, path.map(({ hash, sum, left }) => ({ hash: `0x${hash}`, sum, left })),
  `0x${Buffer.from(proof.leaf, 'base64').toString('hex')}`, proof.path.map((hash) => `0x${hash}`),
];
const answer = (disputed: string, given: InventoryAnswer): Promise<readonly Log[]> => chain.send(anybody, 'LeafCourt', 'answer', [disputed, ...onChain(given)]);
const convict = (disputed: string): Promise<readonly Log[]> => chain.send(anybody, 'LeafCourt', 'convict', [disputed]);
const stakes = async (): Promise<readonly unknown[]> => [...await chain.view('StakingPools', 'stakeOf', [pool])].slice(0, 3);
const held = async (): Promise<unknown> => (await chain.view('StakingPools', 'heldOf', [pool]))[0];
const court = (): Promise<bigint> => chain.balance(chain.at.get('LeafCourt') ?? '');

it('takes of random inventories every leaf that the prover shows, and nothing else that the verifier refuses', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 9_000 }), fc.constantFrom(1, 4_096, 4_097, 40_960)), { minLength: 1, maxLength: 12 });
  const harm = fc.constantFrom('none', 'none', 'leaf', 'short leaf', 'sum', 'side', 'hash', 'path', 'proof', 'longer proof', 'leaves', 'id', 'other leaf');
  let [shown, failed] = [0, 0];
  await fc.assert(fc.asyncProperty(sizes, fc.nat(), harm, fc.nat(), fc.boolean(), async (all, pick, harmedBy, where, ofOld) => {
    const takeBack = await chain.snapshot();
    const shelf = new Shelf(new Map(all.map((size, index) => [`piece_${index}`, patterned(size, index)])), ofOld);
    const made = shelf.made();
    const index = pick % made.leaves;
    const disputed = await dispute(made, index);
    const given = harmed(shelf.answer(harmedBy === 'other leaf' ? where % made.leaves : index), harmedBy, where);
    const wanted = verifyInventoryAnswer({ root: shelf.tree.root, leaves: made.leaves }, index, given);
    const found = await refused(answer(disputed, given));
    expect([found, harmedBy]).toEqual([wanted ? 'accepted' : expect.stringMatching(/^(NotInInventory|OtherLeaf|NotInPiece|revert)$/), harmedBy]);
    if (wanted) shown += 1;
    else failed += 1;
    await takeBack();
  }), { numRuns: 50, seed: 7 });
  expect(Math.min(shown, failed)).toBeGreaterThan(7);
});

/** No two leaves alike. */
function patterned(size: number, piece: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 10) * 7 + piece) & 255));
}

function harmed(given: InventoryAnswer, by: string, where: number): InventoryAnswer {
  const { piece, path, proof } = given;
  const bytes = Buffer.from(proof.leaf, 'base64');
  const at = where % Math.max(1, path.length);
  const stepped = (change: (step: InventoryAnswer['path'][number]) => object): InventoryAnswer => ({ ...given, path: path.map((step, index) => (index === at ? { ...step, ...change(step) } : step)) });
  switch (by) {
    case 'leaf': return { ...given, proof: { ...proof, leaf: Buffer.from(bytes.map((byte, index) => (index === where % bytes.length ? byte ^ 1 : byte))).toString('base64') } };
    case 'short leaf': return { ...given, proof: { ...proof, leaf: bytes.subarray(1).toString('base64') } };
    case 'sum': return stepped(({ sum }) => ({ sum: sum + 1 }));
    case 'side': return stepped(({ left }) => ({ left: !left }));
    case 'hash': return stepped(() => ({ hash: 'ab'.repeat(32) }));
    case 'path': return { ...given, path: path.slice(1) };
    case 'proof': return { ...given, proof: { ...proof, path: proof.path.slice(1) } };
    case 'longer proof': return { ...given, proof: { ...proof, path: [...proof.path, 'cd'.repeat(32)] } };
    case 'leaves': return { ...given, piece: { ...piece, leaves: piece.leaves + 1 } };
    case 'id': return { ...given, piece: { ...piece, pieceId: `${piece.pieceId}0` } };
    default: return given;
  }
}

it('a disputer who lies pays: half to the pool, half insured; and what was held is free again', async () => {
  const shelf = Shelf.of(20_000, 3_000, 70_000);
  const made = shelf.made();
  const disputed = await dispute(made, 11);
  expect([await court(), await held()]).toEqual([bond, oort * 20n / 100n]);
  await answer(disputed, shelf.answer(11));
  expect([await chain.balance(doubter), await chain.balance(pool), await court(), await held()]).toEqual([1_000n * oort - bond, 990n * oort + bond / 2n, 0n, 0n]);
  chain.pass(leafAnswerSeconds);
  expect(await refused(convict(disputed))).toBe('WrongStage');
  expect(await refused(dispute(made, 11))).toBe('DisputedAlready');
  expect(await stakes()).toEqual([10n * oort, 10n * oort, 0n]);
});

it('a node that lost a piece is slashed once for the inventory, in which all that is disputed stands open', async () => {
  const shelf = Shelf.of(20_000, 3_000);
  const made = shelf.made();
  await chain.send(pool, 'StakingPools', 'requestExit', [pool, 10n * oort]);
  chain.pass(poolExitSeconds - 2);
  const [first, second, third] = [await dispute(made, 0), await dispute(made, 1), await dispute(made, 5)];
  expect(await refused(answer(first, shelf.answer(1)))).toBe('NotInPiece');
  await answer(third, shelf.answer(5));
  // What the court may take stays, however long ago the exit was asked for.
  await chain.send(delegator, 'StakingPools', 'requestExit', [pool, 10n * oort]);
  chain.pass(poolExitSeconds);
  await chain.send(pool, 'StakingPools', 'withdraw', [pool]);
  await chain.send(delegator, 'StakingPools', 'withdraw', [pool]);
  expect(await stakes()).toEqual([0n, 0n, oort / 5n]);
  expect(await refused(convict(first))).toBe('AnswerRuns');
  chain.pass(leafAnswerSeconds);
  expect(await refused(answer(first, shelf.answer(0)))).toBe('TooLate');
  const before = await chain.balance(doubter);
  const logs = await convict(first);
  expect(logs.map(({ event }) => event)).toEqual(['HoldEnded', 'Slashed', 'LeafMissing', 'Received']);
  expect(await chain.balance(doubter)).toBe(before + bond + oort / 50n);
  await convict(second);
  expect([await chain.balance(doubter), await court(), await stakes()]).toEqual([before + 2n * bond + oort / 50n, 0n, [0n, 0n, 0n]]);
  expect(await chain.balance(platform)).toBe(oort * 2n / 25n);
});

it('a node that says it has more leaves than pieces, or other sums, can show none of them', async () => {
  const shelf = Shelf.of(9_000, 5_000);
  const more = shelf.made({ leaves: shelf.tree.leaves + 3 });
  const disputed = await dispute(more, shelf.tree.leaves + 1);
  for (const index of [0, 4]) expect(await refused(answer(disputed, shelf.answer(index)))).toMatch(/NotInInventory/);
  chain.pass(leafAnswerSeconds);
  await convict(disputed);
  expect(await stakes()).toEqual([oort * 98n / 10n, 10n * oort, 0n]);
  expect(await refused(dispute(more, 0))).toBe('DisputedAlready');
});

it('only what the node signed for a pool that enlisted it is disputed, in its time, with the bond', async () => {
  const shelf = Shelf.of(5_000);
  const made = shelf.made();
  const send = (given: Made, signature: string, index = 0, value = bond): Promise<string> => refused(chain.send(doubter, 'LeafCourt', 'dispute', [given, signature, index], value));
  const good = await sign(made);
  expect(await send(made, good, 0, bond - 1n)).toBe('WrongBond');
  expect(await send(made, good, 2)).toBe('NoSuchLeaf');
  expect(await send({ ...made, leaves: 9 }, good, 2)).toBe('NotSigned');
  expect(await send(made, await sign(made, new Wallet(id('another key'))))).toBe('NotSigned');
  expect(await send(made, '0x1234')).toBe('NotSigned');
  expect(await send({ ...made, pool: delegator }, good)).toBe('NotEnlisted');
  await chain.send(pool, 'LeafCourt', 'dismiss', [node.address]);
  expect(await refused(chain.send(pool, 'LeafCourt', 'dismiss', [node.address]))).toBe('NotEnlisted');
  const late = shelf.made();
  expect(await send(late, await sign(late))).toBe('NotEnlisted');
  // What it signed before it was dismissed it answers for, until that has expired.
  expect(await send(made, good)).toBe('accepted');
  chain.pass(inventorySeconds);
  expect(await send(made, good, 1)).toBe('InventoryExpired');
  await chain.send(delegator, 'LeafCourt', 'enlist', [node.address]);
  const unstaked = shelf.made({ pool: delegator });
  expect(await send(unstaked, await sign(unstaked))).toBe('NothingAtStake');
});

it('a pool that refuses its half takes it later; nobody is kept waiting', async () => {
  const shelf = Shelf.of(5_000);
  const disputed = await dispute(shelf.made(), 0);
  await chain.putCode(pool, hostileCode('burn', pool, '0x'));
  await answer(disputed, shelf.answer(0));
  expect([await court(), (await chain.view('LeafCourt', 'owed', [pool]))[0]]).toEqual([bond / 2n, bond / 2n]);
  await chain.send(pool, 'LeafCourt', 'takeOwed', [anybody]);
  expect([await court(), await chain.balance(anybody)]).toEqual([0n, bond / 2n]);
  expect(await refused(chain.send(pool, 'LeafCourt', 'takeOwed', [anybody]))).toBe('NothingOwed');
});
