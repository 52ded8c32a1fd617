// A data item of Arweave, signed with an Ethereum key: what a bundling service takes and anybody can check by its bytes. What goes there
// must be sealed before, since nothing is ever deleted. Source: ANS-104 (signature type 3, Ethereum's personal message, EIP-191).
import { createHash } from 'node:crypto';
import { Fault } from '@oort/kernel-wire';

export interface DataItemTag { readonly name: string; readonly value: string }

export interface DataItemSigner {
  /** Uncompressed, 65 bytes with 0x04 first. */
  readonly publicKey: Buffer;
  /** 65 bytes (r, s, v) over an EIP-191 personal message of these bytes. */
  sign(message: Buffer): Promise<Buffer>;
}

export interface DataItem { /** base64url of the SHA-256 of its signature. */ readonly id: string; readonly bytes: Buffer }

export class DataItemTagsInvalid extends Fault {
  constructor(why: string) { super('DATA_ITEM_TAGS_INVALID', why, { why }); }
}

const ethereum = 3;
const [mostTags, longestName, longestValue, mostTagBytes] = [128, 1024, 3072, 4096];

/** Without target and anchor. Throws DataItemTagsInvalid. */
export async function dataItemOf(data: Buffer, tags: readonly DataItemTag[], signer: DataItemSigner): Promise<DataItem> {
  const tagBytes = avroOf(tags);
  const message = deepHash(['dataitem', '1', String(ethereum), signer.publicKey, '', '', tagBytes, data].map((part) => Buffer.from(part)));
  const signature = await signer.sign(message);
  const bytes = Buffer.concat([
    littleEndian(ethereum, 2), signature, signer.publicKey, Buffer.of(0, 0), littleEndian(tags.length, 8), littleEndian(tagBytes.length, 8), tagBytes, data,
  ]);
  return { id: createHash('sha256').update(signature).digest('base64url'), bytes };
}

/** SHA-384 over a list of byte strings, each with its kind and length, so that no two lists look alike. */
function deepHash(parts: readonly Buffer[]): Buffer {
  return parts.reduce(
    (sum, part) => sha384(Buffer.concat([sum, sha384(Buffer.concat([sha384(Buffer.from(`blob${part.length}`)), sha384(part)]))])),
    sha384(Buffer.from(`list${parts.length}`)));
}

/** Apache Avro: an array of records of two byte strings; none at all when there are no tags. */
function avroOf(tags: readonly DataItemTag[]): Buffer {
  if (tags.length === 0) return Buffer.alloc(0);
  if (tags.length > mostTags) throw new DataItemTagsInvalid(`a data item has at most ${mostTags} tags`);
  const texts = tags.flatMap(({ name, value }) => {
    const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
    if (nameBytes.length === 0 || nameBytes.length > longestName) throw new DataItemTagsInvalid(`a tag's name has 1 to ${longestName} bytes`);
    if (valueBytes.length === 0 || valueBytes.length > longestValue) throw new DataItemTagsInvalid(`a tag's value has 1 to ${longestValue} bytes`);
    return [zigzag(nameBytes.length), nameBytes, zigzag(valueBytes.length), valueBytes];
  });
  const bytes = Buffer.concat([zigzag(tags.length), ...texts, zigzag(0)]);
  if (bytes.length > mostTagBytes) throw new DataItemTagsInvalid(`the tags of a data item have at most ${mostTagBytes} bytes`);
  return bytes;
}

/** A length as Avro's `long`. */
function zigzag(value: number): Buffer {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

function littleEndian(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, Math.min(6, size));
  return bytes;
}

function sha384(bytes: Buffer): Buffer { return createHash('sha384').update(bytes).digest(); }
