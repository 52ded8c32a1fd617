/** Lower-case 0x-hex, 32 bytes: the key of every map in the DAG. */
export type Hash = string;
/** Lower-case 0x-hex, 20 bytes. */
export type Address = string;
/** Lower-case 0x-hex of any length. */
export type Hex = string;

export const zeroHash: Hash = `0x${'00'.repeat(32)}`;
export const zeroAddress: Address = `0x${'00'.repeat(20)}`;

/** RLP takes integers as big-endian bytes without leading zeros, zero as the empty string (Yellow Paper, appendix B). */
export function integerHex(value: number | bigint): Hex {
  const digits = value.toString(16);
  if (value === 0 || value === 0n) return '0x';
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}
