// An officer's phantoms of one period: inputs of its own, changed a little, their answers computed here. Everything is drawn from the
// officer's key (signatures are deterministic, RFC 6979), so that after a restart they are the same and nothing has to be kept.
import { getBytes, id, keccak256, sha256, toUtf8Bytes, type Wallet } from 'ethers';
import { phantomLeaf, phantomPath, phantomRoot, shutPhantom, type OfficerSeat, type PhantomOpening } from '@oort/algorithms-honesty';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { augment } from '@oort/subgraphs-audit';

export interface OfficerModel {
  readonly contentId: string;
  /** Raw outputs, flattened row by row. */
  answer(inputs: readonly (readonly number[])[]): Promise<readonly number[]>;
}

export interface Phantom {
  readonly leaf: string;
  readonly spec: Json;
  readonly expected: readonly number[];
  readonly opening: PhantomOpening;
}

export class Phantoms {
  private constructor(readonly all: readonly Phantom[]) {}

  static async compose(wallet: Wallet, seat: OfficerSeat, count: number, models: readonly OfficerModel[], inputs: readonly (readonly number[])[]): Promise<Phantoms> {
    const seed = keccak256(wallet.signingKey.sign(id(`oort/officer/1 ${seat.chainId} ${seat.court} ${seat.period} ${seat.officer}`.toLowerCase())).serialized);
    const random = drawsFrom(seed);
    const all: Phantom[] = [];
    for (let index = 0; index < count; index += 1) {
      const model = models[index % models.length];
      const row = inputs[Math.floor(random() * inputs.length)];
      if (model === undefined || row === undefined) break;
      const input = augment([row], random);
      const spec: Json = { modelContentId: model.contentId, input, nonce: id(`${seed} nonce ${index}`).slice(2, 34) };
      const expected = await model.answer(input);
      const opening = { task: hashOf(spec), expected: hashOf(expected), salt: id(`${seed} salt ${index}`) };
      all.push({ leaf: phantomLeaf(seat, opening), spec, expected, opening });
    }
    return new Phantoms(all);
  }

  get root(): string { return phantomRoot(this.leaves); }

  pathOf(index: number): readonly string[] { return phantomPath(this.leaves, index); }

  /** As the chain is shown them: those in `opened` open, the others shut. */
  shown(opened: ReadonlySet<string>): readonly PhantomOpening[] {
    return this.all.map(({ leaf, opening }) => (opened.has(leaf) ? opening : shutPhantom(leaf)));
  }

  private get leaves(): readonly string[] { return this.all.map(({ leaf }) => leaf); }
}

function hashOf(value: Json): string {
  return sha256(toUtf8Bytes(canonicalJson(value)));
}

/** In [0, 1), and nobody else's to know. */
function drawsFrom(seed: string): () => number {
  let counter = 0;
  return () => {
    counter += 1;
    return Buffer.from(getBytes(id(`${seed} draw ${counter}`))).readUInt32BE(0) / 2 ** 32;
  };
}
