// For tests: what the public libraries read in a folder of files (`N.file`) and of their CARs (`N.car`), as JSON on stdout. A process of
// its own, because they are ES modules alone, which jest does not find.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PublicReading {
  readonly name: string; readonly root: string; readonly height: number; readonly pieceCidV1: string; readonly pieceCidV2: string;
  readonly carRoots: readonly string[]; readonly blocksHold: boolean; readonly carFileSha256: string;
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

void readAll(process.argv[2] ?? '').then((readings) => { process.stdout.write(JSON.stringify(readings)); });
