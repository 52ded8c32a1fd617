// Several data items of Arweave in one: what a data item with the tags of a bundle carries, and a gateway takes apart again, so that each
// item is had by its own id. Source: ANS-104, 1.2 (transaction body format).
import { createHash } from 'node:crypto';
import { Fault } from '@oort/kernel-wire';
import type { DataItem, DataItemTag } from './data-item';

export class BundleDamaged extends Fault {
  constructor(why: string) { super('BUNDLE_DAMAGED', `this is not a bundle of data items: ${why}`, { why }); }
}

/** A data item that carries a bundle says so with these. */
export const bundleTags: readonly DataItemTag[] = [{ name: 'Bundle-Format', value: 'binary' }, { name: 'Bundle-Version', value: '2.0.0' }];

const number = 32;

export function bundleOf(items: readonly DataItem[]): Buffer {
  const heads = items.map(({ id, bytes }) => Buffer.concat([numberOf(bytes.length), Buffer.from(id, 'base64url')]));
  return Buffer.concat([numberOf(items.length), ...heads, ...items.map(({ bytes }) => bytes)]);
}

/** Each item whose bytes lie where the head says and whose signature has its id; whether the signature holds is not looked at. Throws BundleDamaged. */
export function itemsOf(bundle: Buffer): readonly DataItem[] {
  const count = read(bundle, 0);
  let at = number + count * 2 * number;
  const items = Array.from({ length: at > bundle.length ? 0 : count }, (_, index): DataItem => {
    const head = number + index * 2 * number;
    const bytes = bundle.subarray(at, at + read(bundle, head));
    at += read(bundle, head);
    const id = bundle.toString('base64url', head + number, head + 2 * number);
    // The signature of an Ethereum key: 65 bytes after the type.
    if (createHash('sha256').update(bytes.subarray(2, 67)).digest('base64url') !== id) throw new BundleDamaged(`item ${index} is not ${id}`);
    return { id, bytes };
  });
  if (items.length !== count || at !== bundle.length) throw new BundleDamaged('it has another length than its head says');
  return items;
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(number);
  bytes.writeUIntLE(value, 0, 6);
  return bytes;
}

function read(bytes: Buffer, at: number): number {
  if (at + number > bytes.length) throw new BundleDamaged('it ends early');
  if (bytes.subarray(at + 6, at + number).some((byte) => byte !== 0)) throw new BundleDamaged('a number is too large');
  return bytes.readUIntLE(at, 6);
}
