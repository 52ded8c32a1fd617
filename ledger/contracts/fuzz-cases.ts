// Cases before juries and disputed leaves in random histories: single calls, votes, and whole moves that bring a case on.
import fc from 'fast-check';
import { AbiCoder, Wallet, getBytes, id, keccak256 } from 'ethers';
import { commitPiece, InventoryTree, provePiece } from '@oort/algorithms-possession';
import { fuzzParameters, jurors, jurorStake, people } from './fuzz-people';
import { Reverted, account, platform, type Log, type TestChain } from './test-chain';

export type CaseStep =
  | { readonly kind: 'accuse'; readonly case: number; readonly pool: string; readonly basisPoints: number; readonly appeal: boolean }
  | { readonly kind: 'vote'; readonly case: number; readonly seat: number; readonly toSlash: boolean; readonly wrong: boolean }
  | { readonly kind: 'move'; readonly case: number; readonly toSlash: readonly boolean[]; readonly silent: readonly boolean[]; readonly appeal: boolean; readonly from: string }
  | { readonly kind: 'doubt'; readonly from: string; readonly pool: string; readonly index: number; readonly age: number; readonly more: number }
  | { readonly kind: 'show'; readonly from: string; readonly back: number; readonly other: boolean }
  | { readonly kind: 'convict'; readonly from: string; readonly back: number };

interface Doubted { readonly id: string; readonly index: number }

/** What jurors and nodes remember for themselves. */
export interface CaseMemory { readonly votes: Map<string, boolean>; doubted: readonly Doubted[] }

export const newCaseMemory = (): CaseMemory => ({ votes: new Map(), doubted: [] });

const coder = AbiCoder.defaultAbiCoder();
const evidence = id('evidence');
const nodeKey = new Wallet(id('the key of a node in random histories'));
const pieces = new Map([['a', 9_000], ['b', 3], ['c', 20_000]].map(([name, size]) => [`piece_${name}`, Buffer.from(Uint8Array.from({ length: Number(size) }, (_, at) => (at * 31 + (at >> 8)) & 255))]));
const tree = new InventoryTree([...pieces].map(([pieceId, bytes]) => ({ pieceId, ...commitPiece(bytes) })));
export const caseIds: readonly string[] = [id('case 0'), id('case 1')];
const poolsWithNodes: readonly string[] = people.filter((each) => each !== account('bob'));

const person = fc.constantFrom(...people);
const whichCase = fc.constantFrom(0, 0, 1);
const flags = (weight: number): fc.Arbitrary<readonly boolean[]> => fc.array(fc.integer({ min: 0, max: 9 }).map((each) => each < weight), { minLength: 7, maxLength: 7 });
const back = fc.constantFrom(0, 0, 1);

export const caseStep: fc.Arbitrary<CaseStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('accuse' as const), case: whichCase, pool: fc.constantFrom(...poolsWithNodes), basisPoints: fc.constantFrom(500, 1_000, 5_000, 10_000), appeal: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('vote' as const), case: whichCase, seat: fc.nat({ max: 6 }), toSlash: fc.boolean(), wrong: fc.constantFrom(false, false, true) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('move' as const), case: whichCase, toSlash: flags(6), silent: flags(2), appeal: fc.boolean(), from: person }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('doubt' as const), from: person, pool: fc.constantFrom(...poolsWithNodes), index: fc.nat({ max: 9 }), age: fc.constantFrom(0, 0, 0, 100, 200), more: fc.constantFrom(0, 0, 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('show' as const), from: person, back, other: fc.constantFrom(false, false, false, true) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('convict' as const), from: person, back }) },
);

export async function enlistNodes(chain: TestChain): Promise<void> {
  for (const pool of poolsWithNodes) await chain.send(pool, 'LeafCourt', 'enlist', [nodeKey.address]);
  for (const juror of jurors) {
    await chain.send(juror, 'StakingPools', 'createPool', [0], jurorStake);
    await chain.send(juror, 'JuryCourt', 'enrol', [juror], fuzzParameters.jurorDepositWei);
  }
}

export function actOnCase(chain: TestChain, step: CaseStep, memory: CaseMemory): Promise<readonly Log[]> {
  switch (step.kind) {
    case 'accuse': return accuse(chain, step);
    case 'vote': return vote(chain, step, memory);
    case 'move': return move(chain, step, memory);
    case 'doubt': return doubt(chain, step, memory);
    case 'show': return show(chain, step, memory);
    case 'convict': return chain.send(step.from, 'LeafCourt', 'convict', [memory.doubted.at(-1 - step.back)?.id ?? id('none')]);
  }
}

async function accuse(chain: TestChain, { case: number, pool, basisPoints, appeal }: Extract<CaseStep, { readonly kind: 'accuse' }>): Promise<readonly Log[]> {
  const caseId = caseIds[number] ?? '';
  const logs = await chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, pool, basisPoints, evidence]);
  return appeal ? [...logs, ...await chain.send(pool, 'HonestyCourt', 'appeal', [caseId], fuzzParameters.appealBondWei).catch(refusedIsNull) ?? []] : logs;
}

interface Jury { readonly round: bigint; readonly stage: number; readonly seedBlock: bigint; readonly revealUntil: bigint; readonly appealUntil: bigint; readonly seats: readonly string[] }

async function juryOf(chain: TestChain, caseId: string): Promise<Jury> {
  const [round, stage, , seedBlock, , revealUntil, appealUntil, , seats] = [...await chain.view('JuryCourt', 'juryOf', [caseId])] as unknown as readonly bigint[];
  return {
    round: round ?? 0n, stage: Number(stage), seedBlock: seedBlock ?? 0n, revealUntil: revealUntil ?? 0n, appealUntil: appealUntil ?? 0n,
    seats: [...seats as unknown as readonly string[]].map((each) => each.toLowerCase()),
  };
}

/** Commits where it has not, else reveals: what it committed to, or something else. */
async function vote(chain: TestChain, { case: number, seat, toSlash, wrong }: Extract<CaseStep, { readonly kind: 'vote' }>, memory: CaseMemory): Promise<readonly Log[]> {
  const caseId = caseIds[number] ?? '';
  const { round, seats, stage } = await juryOf(chain, caseId);
  if (stage < 2) return move(chain, { case: number, toSlash: [], silent: [], appeal: false, from: jurors[0] ?? '' }, memory);
  const juror = seats[seat % Math.max(1, seats.length)] ?? jurors[seat % jurors.length] ?? '';
  return voteOf(chain, { caseId, round, juror, toSlash, wrong }, memory);
}

interface Ballot { readonly caseId: string; readonly round: bigint; readonly juror: string; readonly toSlash: boolean; readonly wrong: boolean }

async function voteOf(chain: TestChain, { caseId, round, juror, toSlash, wrong }: Ballot, memory: CaseMemory): Promise<readonly Log[]> {
  const key = `${caseId} ${round} ${juror}`;
  const committed = memory.votes.get(key);
  const salt = id(key);
  if (committed !== undefined) return chain.send(juror, 'JuryCourt', 'revealVote', [caseId, committed !== wrong, evidence, salt]);
  const commitment = keccak256(coder.encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], [caseId, round, juror, toSlash, evidence, salt]));
  const logs = await chain.send(juror, 'JuryCourt', 'commitVote', [caseId, commitment]);
  memory.votes.set(key, toSlash);
  return logs;
}

type Moving = Pick<Extract<CaseStep, { readonly kind: 'move' }>, 'case' | 'toSlash' | 'silent' | 'appeal' | 'from'>;

/** Whatever is next for the case, as far as it goes. */
export async function move(chain: TestChain, step: Moving, memory: CaseMemory): Promise<readonly Log[]> {
  const caseId = caseIds[step.case] ?? '';
  const jury = await juryOf(chain, caseId);
  const send = (method: string, value = 0n): Promise<readonly Log[]> => chain.send(step.from, 'JuryCourt', method, [caseId], value);
  switch (jury.stage) {
    case 0: {
      const accused = (await chain.view('HonestyCourt', 'cases', [caseId]))['stage'] !== 0n;
      return accused ? send('summon') : accuse(chain, { kind: 'accuse', case: step.case, pool: poolsWithNodes[step.case] ?? '', basisPoints: 5_000, appeal: step.appeal });
    }
    case 1:
      if (chain.number <= jury.seedBlock) chain.number = jury.seedBlock;
      return send('draw');
    case 2: return ballot(chain, jury, step, memory);
    case 3: {
      if (step.appeal && chain.time + 1n < jury.appealUntil) {
        const [, , , , , , , , seats] = [...await chain.view('JuryCourt', 'juryOf', [caseId])] as unknown as readonly (readonly string[])[];
        const [accused] = await chain.view('HonestyCourt', 'partiesOf', [caseId]);
        const bond = fuzzParameters.appealBondWei * BigInt((seats?.length ?? 0) * 2 + 1);
        const by = await chain.send(String(accused).toLowerCase(), 'JuryCourt', 'appeal', [caseId], bond).catch(refusedIsNull);
        return by ?? send('appeal', bond);
      }
      if (chain.time < jury.appealUntil) chain.time = jury.appealUntil;
      return send('conclude');
    }
    default: throw new Reverted('nothing to move');
  }
}

async function ballot(chain: TestChain, { round, seats, revealUntil }: Jury, { case: number, toSlash, silent, from }: Moving, memory: CaseMemory): Promise<readonly Log[]> {
  const caseId = caseIds[number] ?? '';
  const logs: Log[] = [];
  for (const pass of ['commit', 'reveal']) {
    for (const [seat, juror] of seats.entries()) {
      if (silent[seat] === true || memory.votes.has(`${caseId} ${round} ${juror}`) !== (pass === 'reveal')) continue;
      logs.push(...await voteOf(chain, { caseId, round, juror, toSlash: toSlash[seat] ?? true, wrong: false }, memory).catch(refusedIsNull) ?? []);
    }
    // Those who keep silent are waited for.
    if (silent.some(Boolean) && chain.time < revealUntil - BigInt(fuzzParameters.jurySeconds)) chain.time = revealUntil - BigInt(fuzzParameters.jurySeconds);
  }
  const done = await chain.send(from, 'JuryCourt', 'close', [caseId]).catch(refusedIsNull);
  if (done !== null) return [...logs, ...done];
  if (chain.time < revealUntil) chain.time = revealUntil;
  return [...logs, ...await chain.send(from, 'JuryCourt', 'close', [caseId])];
}

function refusedIsNull(error: unknown): null {
  if (error instanceof Reverted) return null;
  throw error;
}

async function doubt(chain: TestChain, { from, pool, index, age, more }: Extract<CaseStep, { readonly kind: 'doubt' }>, memory: CaseMemory): Promise<readonly Log[]> {
  const made = { pool, node: nodeKey.address, root: `0x${tree.root}`, leaves: tree.leaves + more, madeAt: Number(chain.time) - (Number(chain.time) % 30) - age };
  const [inventory] = await chain.view('LeafCourt', 'inventoryId', [made]);
  const logs = await chain.send(from, 'LeafCourt', 'dispute', [made, await nodeKey.signMessage(getBytes(String(inventory))), index], fuzzParameters.leafBondWei);
  const [disputed] = await chain.view('LeafCourt', 'disputeId', [inventory, index]);
  memory.doubted = [...memory.doubted, { id: String(disputed), index }];
  return logs;
}

async function show(chain: TestChain, { from, back: before, other }: Extract<CaseStep, { readonly kind: 'show' }>, memory: CaseMemory): Promise<readonly Log[]> {
  const doubted = memory.doubted.at(-1 - before);
  const found = tree.locate(((doubted?.index ?? 0) + (other ? 1 : 0)) % tree.leaves);
  if (doubted === undefined || found === null) throw new Reverted('nothing is doubted');
  const { index: _, leaf, path } = provePiece(pieces.get(found.piece.pieceId) ?? Buffer.alloc(0), found.leaf);
  return chain.send(from, 'LeafCourt', 'answer', [
    doubted.id, { id: found.piece.pieceId, root: `0x${found.piece.root}`, leaves: found.piece.leaves }, tree.pathOf(found.piece).map(({ hash, sum, left }) => ({ hash: `0x${hash}`, sum, left })),
    `0x${Buffer.from(leaf, 'base64').toString('hex')}`, path.map((hash) => `0x${hash}`),
  ]);
}
