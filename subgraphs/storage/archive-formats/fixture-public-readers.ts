// For tests: what the public libraries read in a folder of files (`N.file`) and of their CARs (`N.car`), as JSON on stdout. A process of
// its own, because they are ES modules alone, which jest does not find.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InclusionProof } from './aggregate';

export interface PublicReading {
  readonly name: string; readonly root: string; readonly height: number; readonly pieceCidV1: string; readonly pieceCidV2: string;
  readonly carRoots: readonly string[]; readonly blocksHold: boolean; readonly carFileSha256: string;
}

/** What is asked of them about aggregates (`aggregate.json`): the pieces in their order, and a proof for each that we made. */
export interface AskedAggregate { readonly sizeBytes: number; readonly pieces: readonly string[]; readonly proofs: readonly InclusionProof[] }

/** The aggregate that they make of the same pieces, and the one that each of our proofs leads to by their verifier. */
export interface PublicAggregate { readonly made: string; readonly shown: readonly string[] }

async function aggregateIn(folder: string): Promise<PublicAggregate> {
  const { Aggregate, Piece } = await import('@web3-storage/data-segment');
  const { sizeBytes, pieces, proofs } = JSON.parse(readFileSync(join(folder, 'aggregate.json'), 'utf8')) as AskedAggregate;
  const parsed = pieces.map((piece) => Piece.fromString(piece));
  const built = Aggregate.build({ pieces: parsed, size: Aggregate.Size.from(BigInt(sizeBytes)) });
  const shown = proofs.map(({ tree, index }, at) => {
    const proof = [tree, index].map(({ index: offset, path }) => [BigInt(offset), path.map((hash) => Buffer.from(hash, 'hex'))]);
    const resolved = Aggregate.InclusionProof.resolveAggregate(proof as unknown as Parameters<typeof Aggregate.InclusionProof.resolveAggregate>[0], parsed[at]?.link ?? built.link);
    return resolved.ok === undefined ? String(resolved.error) : String(resolved.ok);
  });
  return { made: String(built.link), shown };
}

async function readAll(folder: string): Promise<readonly PublicReading[]> {
  const [{ CarReader }, { Piece }] = await Promise.all([import('@ipld/car'), import('@web3-storage/data-segment')]);
  return Promise.all(readdirSync(folder).filter((file) => file.endsWith('.file')).map(async (file) => {
    const piece = Piece.fromPayload(readFileSync(join(folder, file)));
    const reader = await CarReader.fromBytes(readFileSync(join(folder, file.replace('.file', '.car'))));
    const whole = createHash('sha256');
    let blocksHold = true;
    for await (const { cid, bytes } of reader.blocks()) {
      blocksHold &&= createHash('sha256').update(bytes).digest().equals(Buffer.from(cid.multihash.digest));
      if (cid.code === 0x55) whole.update(bytes);
    }
    return {
      name: file.replace('.file', ''), root: Buffer.from(piece.root).toString('hex'), height: piece.height, pieceCidV1: String(Piece.toInfo(piece).link),
      pieceCidV2: String(piece.link), carRoots: (await reader.getRoots()).map(String), blocksHold, carFileSha256: whole.digest('hex'),
    };
  }));
}

async function answer(folder: string): Promise<{ readonly readings: readonly PublicReading[]; readonly aggregate: PublicAggregate }> {
  return { readings: await readAll(folder), aggregate: await aggregateIn(folder) };
}

void answer(process.argv[2] ?? '').then((answered) => { process.stdout.write(JSON.stringify(answered)); });
