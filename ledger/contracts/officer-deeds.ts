// What officers do, for tests, random histories and the table of gas: tickets by their key, and phantoms that were never sent anywhere.
import { getBytes, id, sha256, SigningKey } from 'ethers';
import { phantomLeaf, phantomPath, phantomRoot, shutPhantom, type PhantomOpening } from '@oort/algorithms-honesty';
import { forContract, keyForContract, prove } from '@oort/algorithms-vrf';
import { leafHash, merkleRoot, inclusionProof } from '@oort/kernel-merkle';
import { Reverted, type Log, type TestChain } from './test-chain';

const secretOf = (officer: string): SigningKey => new SigningKey(id(`the key of officer ${officer}`));

/** Arguments of `OfficerCourt.enrol`. */
export function keyOf(officer: string): readonly bigint[] {
  const { x, y } = keyForContract(getBytes(secretOf(officer).compressedPublicKey));
  return [x, y];
}

export function enrolOfficer(chain: TestChain, officer: string, deposit: bigint): Promise<readonly Log[]> {
  return chain.send(officer, 'OfficerCourt', 'enrol', keyOf(officer), deposit);
}

/** Keeps the seed where nobody has: before that there is nothing to draw by. */
export async function ticketOf(chain: TestChain, officer: string): Promise<readonly unknown[]> {
  const [period] = await chain.view('OfficerCourt', 'period');
  const [alpha] = await chain.view('OfficerCourt', 'alphaOf', [period, officer]);
  const key = secretOf(officer);
  const proof = prove(getBytes(key.privateKey), getBytes(String(alpha)));
  const made = forContract(getBytes(key.compressedPublicKey), proof, getBytes(String(alpha)));
  if (made === null) throw new Reverted('no proof');
  const { gammaX, gammaY, c, s } = made.proof;
  const { ux, uy, sx, sy, cx, cy } = made.products;
  return [officer, [gammaX, gammaY, c, s], [ux, uy, sx, sy, cx, cy]];
}

export class Phantoms {
  readonly openings: readonly PhantomOpening[];
  readonly leaves: readonly string[];

  constructor(chain: TestChain, readonly officer: string, readonly period: bigint, count: number) {
    const seat = { chainId: 1n, court: chain.at.get('OfficerCourt') ?? '', period, officer };
    this.openings = Array.from({ length: count }, (_, index) => ({ task: sha256(id(`task ${officer} ${period} ${index}`)), expected: id('expected'), salt: id(`salt ${index}`) }));
    this.leaves = this.openings.map((opening) => phantomLeaf(seat, opening));
  }

  get root(): string { return phantomRoot(this.leaves); }

  /** The first `opened` of them open, the others shut. */
  shown(opened = this.leaves.length): readonly (readonly string[])[] {
    return this.openings.map((opening, index) => (index < opened ? opening : shutPhantom(this.leaves[index] ?? ''))).map(({ task, expected, salt }) => [task, expected, salt]);
  }

  path(index: number): readonly string[] { return phantomPath(this.leaves, index); }
}

/** A batch as the platform commits to it, with these leaves among other tasks. */
export class Batch {
  private readonly nodes: readonly Buffer[];
  private readonly tasks: readonly (readonly [salt: string, taskId: string, expected: string, isPhantom: boolean])[];

  constructor(readonly batchId: string, leaves: readonly string[]) {
    const work = (index: number): readonly [string, string, string, boolean] => [id(`s${index}`).slice(2, 34), `job_${batchId.slice(2, 8)}w${index}`, '0'.repeat(64), false];
    this.tasks = [work(0), ...leaves.map((leaf, index) => [id(leaf).slice(2, 34), `job_${batchId.slice(2, 8)}${index}`, leaf.slice(2), true] as const), work(1)];
    this.nodes = this.tasks.map((task) => leafHash(Buffer.from(JSON.stringify(task))));
  }

  get root(): string { return `0x${merkleRoot(this.nodes).toString('hex')}`; }

  /** Arguments of `OfficerCourt.answer` after the leaf. */
  sent(leaf: string): readonly [readonly unknown[], readonly string[]] {
    const index = this.tasks.findIndex(([, , expected]) => expected === leaf.slice(2));
    const [salt = '', taskId = ''] = this.tasks[index] ?? [];
    return [[this.batchId, salt, taskId, index, this.tasks.length], inclusionProof(this.nodes, index).map((hash) => `0x${hash.toString('hex')}`)];
  }
}
