import { Fault } from '@oort/kernel-wire';
import { usualRule, type PackingRule } from './rule';

export class BadPackingSetting extends Fault {
  constructor(name: string, text: string, wanted: string) { super('BAD_PACKING_SETTING', `${name} is ${wanted}, not "${text}"`, { name, text }); }
}

export interface PackingSettings { readonly rule: PackingRule; readonly intervalMs: number }

const name = 'OORT_PACKING';
const ageName = 'OORT_PACKING_AGE_SECONDS';
const sizeName = 'OORT_PACKING_MIB';

/** Null turns it off. Throws BadPackingSetting. */
export function packingFrom(environment: NodeJS.ProcessEnv): { readonly packing?: PackingSettings | null } {
  const text = (variable: string): string => environment[variable] ?? '';
  if (!['', 'on', 'off'].includes(text(name))) throw new BadPackingSetting(name, text(name), '"on" or "off"');
  if (text(name) === 'off') return { packing: null };
  const [age, size] = [text(ageName), text(sizeName)];
  if (age === '' && size === '') return {};
  const ageMs = age === '' ? usualRule.ageMs : Number(age) * 1000;
  if (!Number.isFinite(ageMs) || ageMs < 0) throw new BadPackingSetting(ageName, age, 'a number of seconds from 0 on');
  const packBytes = size === '' ? usualRule.packBytes : Number(size) * 1024 * 1024;
  if (!Number.isFinite(packBytes) || packBytes < usualRule.leastBytes || packBytes > 16 * 1024 * 1024) throw new BadPackingSetting(sizeName, size, 'a number from 0.25 to 16');
  // Who shortens the wait wants to see it happen.
  const rule = { ...usualRule, ageMs, packBytes, lingerMs: Math.min(usualRule.lingerMs, 24 * ageMs), abandonedMs: Math.max(5_000, Math.min(usualRule.abandonedMs, ageMs)) };
  return { packing: { rule, intervalMs: Math.max(500, Math.min(60_000, ageMs)) } };
}
