import { parseArgs, type ParseArgsConfig } from 'node:util';

import { Fault } from '@oort/kernel-wire';

export class UsageRefused extends Fault {
  constructor(message: string) { super('USAGE', message); }
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Throws UsageRefused for an option that does not exist or lacks its value. */
export function readOptions<const O extends Options>(commandLine: readonly string[], options: O): ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...commandLine], options, allowPositionals: true });
  } catch (error) {
    throw new UsageRefused(error instanceof Error ? error.message : String(error));
  }
}

export function required(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new UsageRefused(`${name} is missing`);
  return value;
}
