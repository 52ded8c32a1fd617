import { Fault } from '@oort/kernel-wire';

/** The cluster did not answer in time, attempt after attempt. Whether the last append was kept is not known: repeat it. */
export class StoreUnreachable extends Fault {
  constructor(message: string) { super('STORE_UNREACHABLE', message); }
}
