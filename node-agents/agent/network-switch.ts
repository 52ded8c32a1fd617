// Cuts an agent off for tests and demonstrations: while `<agent dir>/network-off` exists, or OORT_NETWORK_OFF=1 is set,
// the agent's HTTP client makes no call. What works then works without a network.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';

export class NetworkOff extends Fault {
  constructor() { super('NETWORK_OFF', 'the network is switched off'); }
}

export function networkIsOff(directory: string): boolean {
  return process.env['OORT_NETWORK_OFF'] === '1' || existsSync(join(directory, 'network-off'));
}

/** Called before every request. Throws NetworkOff. */
export function requireNetwork(directory: string): void {
  if (networkIsOff(directory)) throw new NetworkOff();
}
