// Values on disk with a checksum behind them, so that a disk that lies is found out where it is read: CRC-32 of the bytes, little endian.
// LMDB checks nothing of what it maps into memory.
import { crc32 } from 'node:zlib';
import { Fault, type Json } from '@oort/kernel-wire';
import { emptyBloom } from '@oort/ledger-chain';
import type { Hex } from '@oort/ledger-chain';
import { logsBloom } from './bloom';
import type { ReceiptRecord } from './store';

/** Something on disk is not what was written: `database` and, where it is known, `key` say what. */
export class ChainDataDamaged extends Fault {
  constructor(readonly database: string, readonly key: string | null = null) {
    super('CHAIN_DATA_DAMAGED', `${key === null ? 'a value' : key} in "${database}" of the chain's store is damaged; oort chain check names everything, oort chain repair mends it`, { database, key });
  }
}

interface Encoder<T> {
  readonly checked: true;
  encode(value: T): Buffer;
  decode(bytes: Buffer): T;
}

/** Whether it is one of these. */
export function isChecked<T>(encoder: unknown): encoder is Encoder<T> {
  return (encoder as { readonly checked?: unknown } | undefined)?.checked === true;
}

export function checkedBytes(database: string): Encoder<Buffer> {
  return { checked: true, encode: sealed, decode: (bytes) => Buffer.from(unsealed(bytes, database)) };
}

export function checkedJson(database: string): Encoder<Json> {
  return {
    checked: true,
    encode: (value) => sealed(Buffer.from(JSON.stringify(value))),
    decode: (bytes) => JSON.parse(unsealed(bytes, database).toString('utf8')) as Json,
  };
}

/** A receipt's bloom follows from its logs and would be half of it: it is left out. Records from before that have it. */
export function checkedReceipts(database: string): Encoder<ReceiptRecord> {
  return {
    checked: true,
    encode: (value) => sealed(Buffer.from(JSON.stringify({ ...value, bloom: undefined }))),
    decode(bytes) {
      const value = JSON.parse(unsealed(bytes, database).toString('utf8')) as Omit<ReceiptRecord, 'bloom'> & { readonly bloom?: Hex };
      return { ...value, bloom: value.bloom ?? logsBloom(value.logs) };
    },
  };
}

/** The bloom of nothing would be half of most blocks: it is left out. */
export function checkedWithBloom(database: string): Encoder<{ readonly bloom: Hex }> {
  return {
    checked: true,
    encode: (value) => sealed(Buffer.from(JSON.stringify(value.bloom === emptyBloom ? { ...value, bloom: undefined } : value))),
    decode(bytes) {
      const value = JSON.parse(unsealed(bytes, database).toString('utf8')) as { readonly bloom?: Hex };
      return { ...value, bloom: value.bloom ?? emptyBloom };
    },
  };
}

function sealed(bytes: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 4);
  whole.set(bytes);
  whole.writeUInt32LE(crc32(bytes), bytes.length);
  return whole;
}

/** A view of what is only valid until the next read: LMDB's own buffer, whose `length` says how much of it is meant. */
function unsealed(bytes: Buffer, database: string): Buffer {
  const end = bytes.length - 4;
  if (end < 0) throw new ChainDataDamaged(database);
  const inner = bytes.subarray(0, end);
  if (crc32(inner) !== bytes.readUInt32LE(end)) throw new ChainDataDamaged(database);
  return inner;
}
