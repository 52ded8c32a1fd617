// One process a service: domains keep queues, chains and presence in memory. A session of PostgreSQL holds an advisory lock by
// the service's name, so a process that was killed holds nothing, and a second one ends at once with its reason.
import { Client } from 'pg';
import { Fault, sha256Hex } from '@oort/kernel-wire';

export class ServiceRunsAlready extends Fault {
  constructor(name: string) {
    super('SERVICE_RUNS_ALREADY', `another ${name} works on this database: one of each is enough`, { name });
  }
}

export interface OnlyOneOptions {
  readonly url: string;
  readonly name: string;
  /** The session ended: another may take the place now. */
  lost(): void;
  /** A predecessor that was killed is gone when PostgreSQL has noticed; 5 seconds unless told. */
  readonly waitMs?: number;
}

/** The first key of all such locks: no other part of the platform uses it. */
const space = 7_077_021;
const patienceMs = 5_000;

/** Throws ServiceRunsAlready. */
export async function onlyOne({ url, name, lost, waitMs = patienceMs }: OnlyOneOptions): Promise<{ release(): Promise<void> }> {
  const client = new Client({ connectionString: url, keepAlive: true });
  let released = false;
  client.on('error', () => undefined);
  client.on('end', () => { if (!released) lost(); });
  await client.connect();
  const release = async (): Promise<void> => {
    released = true;
    await client.end().catch(() => undefined);
  };
  const key = Buffer.from(sha256Hex(name), 'hex').readInt32BE();
  await client.query(`SET lock_timeout = ${waitMs}`);
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', [space, key]);
  } catch {
    await release();
    throw new ServiceRunsAlready(name);
  }
  return { release };
}
