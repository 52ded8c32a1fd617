// Our bytes, checked by the public libraries' own readers.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@oort/kernel-wire';
import { CarDamaged, carOf, fileOf } from './car';
import { cidText } from './cid';
import type { PublicReading } from './fixture-public-readers';
import { commitPayload, pieceCidV1, pieceCidV2 } from './piece-commitment';

describe('CARs and piece commitments', () => {
  it('are what @ipld/car reads and @web3-storage/data-segment computes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-formats-'));
    const files = [65, 126, 127, 128, 254, 255, 1016, 1017, 65_535, 1_048_576, 1_048_577, 2_500_000].map((size) => randomBytes(size));
    for (const file of files) {
      writeFileSync(join(folder, `${file.length}.file`), file);
      writeFileSync(join(folder, `${file.length}.car`), carOf(file).bytes);
    }
    const read = execFileSync(process.execPath, ['--import', 'tsx', join(__dirname, 'fixture-public-readers.ts'), folder], { encoding: 'utf8', cwd: __dirname });
    rmSync(folder, { recursive: true });
    const ours = files.map((file): PublicReading => {
      const commitment = commitPayload(file);
      return {
        name: String(file.length), root: commitment.root.toString('hex'), height: commitment.height, pieceCidV1: pieceCidV1(commitment), pieceCidV2: pieceCidV2(commitment),
        carRoots: [cidText(carOf(file).root)], blocksHold: true, carFileSha256: sha256Hex(file),
      };
    });
    const byName = (readings: readonly PublicReading[]): readonly PublicReading[] => [...readings].sort((one, other) => Number(one.name) - Number(other.name));
    expect(byName(JSON.parse(read) as readonly PublicReading[])).toEqual(ours);
  });
});

describe('the CAR of a file', () => {
  it.each([0, 1, 1_048_576, 1_048_577, 3_300_000])('of %i bytes gives the file back', (size) => {
    const file = randomBytes(size);
    expect(fileOf(carOf(file).bytes).equals(file)).toBe(true);
  });

  it('is refused when a byte is other, the end is missing or a block is', () => {
    const { bytes } = carOf(randomBytes(2_100_000));
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(1_500_000) ^ 1, 1_500_000);
    const withoutLast = bytes.subarray(0, bytes.length - (2_100_000 - 2_097_152) - 36 - 2);
    for (const damaged of [flipped, bytes.subarray(0, -1), withoutLast, Buffer.alloc(0), randomBytes(100)]) expect(() => fileOf(damaged)).toThrow(CarDamaged);
  });
});
