// One file as a CAR (version 1): raw blocks of 1 MiB under a UnixFS root, so that any IPFS tool can check and read it.
// Sources: ipld.io/specs/transport/car/carv1, ipld.io/specs/codecs/dag-pb, specs.ipfs.tech/unixfs.
import { Fault } from '@oort/kernel-wire';
import { blockCid, cidBytes, dagPbCodec, rawCodec, readVarint, varint } from './cid';

export class CarDamaged extends Fault {
  constructor(why: string) { super('CAR_DAMAGED', `this is not the CAR of a file: ${why}`, { why }); }
}

const blockBytes = 1024 * 1024;

export interface Car { readonly root: Buffer; readonly bytes: Buffer }

export function carOf(file: Buffer): Car {
  const leaves = Array.from({ length: Math.max(1, Math.ceil(file.length / blockBytes)) }, (_, index) => file.subarray(index * blockBytes, (index + 1) * blockBytes));
  const blocks = leaves.map((block) => ({ cid: blockCid(rawCodec, block), block }));
  const [only] = blocks;
  if (blocks.length > 1 || only === undefined) {
    const block = fileNode(file.length, blocks);
    blocks.unshift({ cid: blockCid(dagPbCodec, block), block });
  }
  const root = blocks[0]?.cid ?? Buffer.alloc(0);
  return { root, bytes: Buffer.concat([headerOf(root), ...blocks.flatMap(({ cid, block }) => [varint(cid.length + block.length), cid, block])]) };
}

/** By how every one of ours begins. */
export function looksLikeCar(bytes: Buffer): boolean {
  const begin = headerOf(Buffer.alloc(cidBytes)).subarray(0, 14);
  return bytes.subarray(0, begin.length).equals(begin);
}

/** The file and its root, once every block is what its CID says and the root names exactly these blocks. Throws CarDamaged. */
export function openCar(car: Buffer): { readonly root: Buffer; readonly file: Buffer } {
  const blocks: { readonly cid: Buffer; readonly block: Buffer }[] = [];
  const header = readVarint(car, 0);
  if (header === null) throw new CarDamaged('it has no header');
  for (let at = header.next + header.value; at < car.length;) {
    const section = readVarint(car, at);
    if (section === null || section.value < cidBytes || section.next + section.value > car.length) throw new CarDamaged('it ends early');
    const cid = car.subarray(section.next, section.next + cidBytes);
    const block = car.subarray(section.next + cidBytes, section.next + section.value);
    if (!blockCid(cid[1] === dagPbCodec ? dagPbCodec : rawCodec, block).equals(cid)) throw new CarDamaged('a block is not what its CID says');
    blocks.push({ cid, block });
    at = section.next + section.value;
  }
  const [first, ...rest] = blocks;
  if (first === undefined) throw new CarDamaged('it has no blocks');
  const leaves = first.cid[1] === dagPbCodec ? rest : blocks;
  const file = Buffer.concat(leaves.map(({ block }) => block));
  // Made anew from what was found, it must be the same to the byte: nothing is missing, added or in another order.
  const anew = carOf(file);
  if (!anew.bytes.equals(car)) throw new CarDamaged('its root names other blocks');
  return { root: anew.root, file };
}

/** DAG-CBOR of { roots: [cid], version: 1 }: keys by length, a link is tag 42 over a zero byte and the CID. */
function headerOf(root: Buffer): Buffer {
  const body = Buffer.concat([
    Buffer.of(0xa2, 0x65), Buffer.from('roots'), Buffer.of(0x81, 0xd8, 0x2a, 0x58, root.length + 1, 0), root,
    Buffer.of(0x67), Buffer.from('version'), Buffer.of(1),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** DAG-PB, links before data; inside it UnixFS of type file (2) with its size and the sizes of its blocks. */
function fileNode(sizeBytes: number, blocks: readonly { readonly cid: Buffer; readonly block: Buffer }[]): Buffer {
  const links = blocks.map(({ cid, block }) => field(2, Buffer.concat([field(1, cid), field(2, Buffer.alloc(0)), Buffer.of(0x18), varint(block.length)])));
  const sizes = blocks.map(({ block }) => Buffer.concat([Buffer.of(0x20), varint(block.length)]));
  return Buffer.concat([...links, field(1, Buffer.concat([Buffer.of(0x08, 2, 0x18), varint(sizeBytes), ...sizes]))]);
}

/** A protobuf field of bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}
