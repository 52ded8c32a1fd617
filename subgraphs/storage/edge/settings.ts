import { Fault } from '@oort/kernel-wire';
import type { EdgeOptions } from './edge-caches';

export class BadEdgeSetting extends Fault {
  constructor(text: string) { super('BAD_EDGE_SETTING', `OORT_EDGE_REGION is the region of a node, letters, digits and -, not "${text}"`, { text }); }
}

/** Which caches the reads of this process go through. Throws BadEdgeSetting. */
export function edgeFrom(environment: NodeJS.ProcessEnv): { readonly edge?: EdgeOptions } {
  const region = environment['OORT_EDGE_REGION'] ?? '';
  if (region === '') return {};
  if (!/^[0-9A-Za-z-]{1,64}$/.test(region)) throw new BadEdgeSetting(region);
  return { edge: { region } };
}
