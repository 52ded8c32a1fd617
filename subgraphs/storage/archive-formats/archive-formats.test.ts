// Our bytes, checked by the public libraries' own readers.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@oort/kernel-wire';
import { aggregateOf, aggregateShownBy } from './aggregate';
import { CarDamaged, carOf, openCar } from './car';
import { cidText } from './cid';
import type { AskedAggregate, PublicAggregate, PublicReading } from './fixture-public-readers';
import { commitPayload, commitPayloadGently, openPieceCidV2, pieceCidV1, pieceCidV2 } from './piece-commitment';

describe('CARs, piece commitments and aggregates', () => {
  it('are what @ipld/car reads and @web3-storage/data-segment computes and verifies', () => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-formats-'));
    const files = [65, 126, 127, 128, 254, 255, 1016, 1017, 65_535, 1_048_576, 1_048_577, 2_500_000].map((size) => randomBytes(size));
    for (const file of files) {
      writeFileSync(join(folder, `${file.length}.file`), file);
      writeFileSync(join(folder, `${file.length}.car`), carOf(file).bytes);
    }
    const commitments = files.map(commitPayload);
    const aggregate = aggregateOf(commitments);
    const asked: AskedAggregate = { sizeBytes: 2 ** aggregate.height * 32, pieces: commitments.map(pieceCidV2), proofs: aggregate.proofs };
    writeFileSync(join(folder, 'aggregate.json'), JSON.stringify(asked));
    const read = execFileSync(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'fixture-public-readers.ts'), folder], { encoding: 'utf8', cwd: __dirname });
    rmSync(folder, { recursive: true });
    const ours = files.map((file): PublicReading => {
      const commitment = commitPayload(file);
      return {
        name: String(file.length), root: commitment.root.toString('hex'), height: commitment.height, pieceCidV1: pieceCidV1(commitment), pieceCidV2: pieceCidV2(commitment),
        carRoots: [cidText(carOf(file).root)], blocksHold: true, carFileSha256: sha256Hex(file),
      };
    });
    const answered = JSON.parse(read) as { readonly readings: readonly PublicReading[]; readonly aggregate: PublicAggregate };
    expect(answered.aggregate).toEqual({ made: aggregate.pieceCid, shown: files.map(() => aggregate.pieceCid) });
    const byName = (readings: readonly PublicReading[]): readonly PublicReading[] => [...readings].sort((one, other) => Number(one.name) - Number(other.name));
    expect(byName(answered.readings)).toEqual(ours);
  });
});

describe('a piece in an aggregate', () => {
  const pieces = [4, 2, 7, 3, 3].map((height) => ({ root: Buffer.from(randomBytes(32).fill(0, 31)), height }));

  it('is shown by its two paths, and nothing else is', () => {
    const { pieceCid, proofs } = aggregateOf(pieces);
    pieces.forEach((piece, at) => {
      const proof = proofs[at]!;
      expect(aggregateShownBy(proof, piece)).toBe(pieceCid);
      expect(aggregateShownBy(proof, { ...piece, root: Buffer.alloc(32) })).not.toBe(pieceCid);
      expect(aggregateShownBy({ ...proof, tree: { ...proof.tree, index: proof.tree.index + 1 } }, piece)).not.toBe(pieceCid);
      // A path that would make a piece's own bytes its index.
      expect(aggregateShownBy({ ...proof, index: proof.tree }, piece)).toBeNull();
    });
  });
});

describe('a piece commitment', () => {
  it.each([1, 1_040_384, 1_040_385, 5_000_000])('of %i bytes is the same made in steps, and read from its CID', async (size) => {
    const payload = randomBytes(size);
    const commitment = commitPayload(payload);
    expect(await commitPayloadGently(payload)).toEqual(commitment);
    expect(openPieceCidV2(pieceCidV2(commitment))).toEqual(commitment);
    for (const text of ['', 'b', 'bafy', pieceCidV1(commitment), pieceCidV2(commitment).slice(0, -3)]) expect(openPieceCidV2(text)).toBeNull();
  });
});

describe('the CAR of a file', () => {
  it.each([0, 1, 1_048_576, 1_048_577, 3_300_000])('of %i bytes gives the file back', (size) => {
    const file = randomBytes(size);
    expect(openCar(carOf(file).bytes).file.equals(file)).toBe(true);
  });

  it('is refused when a byte is other, the end is missing or a block is', () => {
    const { bytes } = carOf(randomBytes(2_100_000));
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(1_500_000) ^ 1, 1_500_000);
    const withoutLast = bytes.subarray(0, bytes.length - (2_100_000 - 2_097_152) - 36 - 2);
    for (const damaged of [flipped, bytes.subarray(0, -1), withoutLast, Buffer.alloc(0), randomBytes(100)]) expect(() => openCar(damaged)).toThrow(CarDamaged);
  });
});
