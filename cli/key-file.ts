import { existsSync, readFileSync } from 'node:fs';
import { UsageRefused } from './usage';

/** A private key in hex, alone in a file. Throws UsageRefused. */
export function readKey(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (!/^0x[0-9a-f]{64}$/i.test(text)) throw new UsageRefused(`${file} holds no private key in hex`);
  return text;
}
