import { AccessDeniedError } from '@eventstore/db-client';
import { Fault } from '@oort/kernel-wire';

/** The cluster did not answer in time, attempt after attempt. Whether the last append was kept is not known: repeat it. */
export class StoreUnreachable extends Fault {
  constructor(message: string) { super('STORE_UNREACHABLE', message); }
}

/** Wrong credentials, or none, or no right: again it would be the same. The user and what it may do stand in the database. */
export class AccessRefused extends Fault {
  constructor(message: string) { super('ACCESS_REFUSED', message); }
}

/** The client gives both as one, and in a batch without a word of the server's. */
export function accessFaultOf(error: unknown): unknown {
  return error instanceof AccessDeniedError ? new AccessRefused(error.message) : error;
}
