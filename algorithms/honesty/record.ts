// What the platform believes of one node in one runtime class, and how an audit's outcome changes it.
// The same rules drive production and the simulation.
import { betaQuantile } from './beta';

export interface HonestyParameters {
  /** Two CUSUMs (Page 1954): one tuned for gross cheating, one for a small share of it. */
  readonly gross: CusumParameters;
  readonly subtle: CusumParameters;
  readonly trustDecay: number;
  readonly trustQuantile: number;
  readonly probationJobs: number;
  /** The share of audited jobs never falls below it. */
  readonly baseRate: number;
  /** Until then it falls as this many over the audits so far: harmonic, so audits grow with the square root of jobs. */
  readonly youth: number;
  /** Every failure has so many more audits follow it, one a job. */
  readonly watchAudits: number;
}

export interface CusumParameters { readonly fail: number; readonly pass: number; readonly slashAt: number }

export const honestyParameters: HonestyParameters = {
  gross: { fail: 3, pass: 0.213, slashAt: 15 },
  subtle: { fail: 0.916, pass: 0.031, slashAt: 9 },
  trustDecay: 0.98,
  trustQuantile: 0.05,
  probationJobs: 20,
  baseRate: 0.03,
  youth: 5.2,
  watchAudits: 40,
};

export interface HonestyRecord {
  /** Decayed counts of audited passes and failures. */
  readonly passes: number;
  readonly failures: number;
  readonly gross: number;
  readonly subtle: number;
  readonly audited: number;
  /** Audits still to come, one a job, because of failures. */
  readonly watch: number;
}

export const newRecord: HonestyRecord = { passes: 0, failures: 0, gross: 0, subtle: 0, audited: 0, watch: 0 };

export type Outcome = 'pass' | 'fail' | 'inconclusive';

/** One audited job. An inconclusive one changes nothing: a referee decides it. */
export function observe(record: HonestyRecord, outcome: Outcome, parameters = honestyParameters): HonestyRecord {
  switch (outcome) {
    case 'inconclusive': return record;
    case 'pass':
    case 'fail': {
      const failed = outcome === 'fail';
      return {
        passes: parameters.trustDecay * record.passes + (failed ? 0 : 1),
        failures: parameters.trustDecay * record.failures + (failed ? 1 : 0),
        gross: step(record.gross, failed, parameters.gross),
        subtle: step(record.subtle, failed, parameters.subtle),
        audited: record.audited + 1,
        watch: failed ? record.watch + parameters.watchAudits : Math.max(0, record.watch - 1),
      };
    }
  }
}

function step(value: number, failed: boolean, cusum: CusumParameters): number {
  return Math.max(0, value + (failed ? cusum.fail : -cusum.pass));
}

/** A slash is proposed when either CUSUM reaches its limit; one failure alone never does. */
export function deservesSlash(record: HonestyRecord, parameters = honestyParameters): boolean {
  return record.gross >= parameters.gross.slashAt || record.subtle >= parameters.subtle.slashAt;
}

/** Lower bound of the honesty rate. The priors (1, 1) stay outside the decay. */
export function trust(record: HonestyRecord, parameters = honestyParameters): number {
  return betaQuantile(parameters.trustQuantile, 1 + record.passes, 1 + record.failures);
}

/** Probability that the node's next job is audited. What decides where to look is not what decides to slash: looking may
 *  be eager, because an audit of an honest node costs a job and nothing else. */
export function auditRate(record: HonestyRecord, parameters = honestyParameters): number {
  if (record.audited < parameters.probationJobs || record.watch > 0) return 1;
  return Math.min(1, Math.max(parameters.baseRate, parameters.youth / record.audited));
}

/** Detection of a cheated job: phantoms with probability share `phi`, replicas otherwise.
 *  Source: Golle and Mironov 2001 for ringers, Sarmenta 2002 for spot-checking. */
export function caughtWithin(jobs: number, cheatShare: number, detection: number): number {
  return 1 - (1 - cheatShare * detection) ** jobs;
}

/** Stake that makes cheating a loss: three times the gain at stake before detection, plus the window that is audited again. */
export function stakeNeeded(gainPerJob: bigint, detectionBasisPoints: number, reauditWindow: bigint): bigint {
  const detection = BigInt(detectionBasisPoints);
  return (3n * gainPerJob * (10_000n - detection)) / detection + reauditWindow;
}
