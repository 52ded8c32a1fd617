// Two ways to audit, behind one face: ours, which is the production engine itself, and BOINC's adaptive replication.
import { auditRate, deservesSlash, newRecord, observe, type HonestyRecord } from '../record';

export interface Rule<State> {
  readonly name: string;
  readonly start: State;
  /** Probability that the next job is audited. */
  rate(state: State): number;
  after(state: State, failed: boolean): State;
  slashes(state: State): boolean;
}

export const proofOfHonesty: Rule<HonestyRecord> = {
  name: 'PoH',
  start: newRecord,
  rate: (record) => auditRate(record),
  after: (record, failed) => observe(record, failed ? 'fail' : 'pass'),
  slashes: (record) => deservesSlash(record),
};

const validBeforeTrust = 10;

/** State: valid results in a row. Replicate until there are ten, then with one over their number.
 *  Source: D. P. Anderson, "BOINC: A Platform for Volunteer Computing", J. Grid Computing 2020, adaptive replication. */
export const adaptiveReplication: Rule<number> = {
  name: 'BOINC',
  start: 0,
  rate: (valid) => (valid < validBeforeTrust ? 1 : 1 / valid),
  after: (valid, failed) => (failed ? 0 : valid + 1),
  slashes: () => false,
};
