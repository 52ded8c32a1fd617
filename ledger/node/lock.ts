import { StoreLocked } from '@oort/kernel-eventstore/faults';
import { takeLock } from '@oort/kernel-eventstore/lock';
import { Fault } from '@oort/kernel-wire';

/** Two processes on one directory would write two blocks on one previous: a fork by an honest witness. */
export class ChainLocked extends Fault {
  constructor(directory: string) {
    super('CHAIN_LOCKED', `another process has the chain in ${directory} open`, { directory });
  }
}

export function lockChain(directory: string): () => void {
  try {
    return takeLock(directory);
  } catch (error) {
    throw error instanceof StoreLocked ? new ChainLocked(directory) : error;
  }
}
