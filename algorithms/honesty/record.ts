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
  readonly baseRate: number;
  readonly rateSlope: number;
  readonly suspiciousRate: number;
}

export interface CusumParameters { readonly fail: number; readonly pass: number; readonly slashAt: number }

export const honestyParameters: HonestyParameters = {
  gross: { fail: 3, pass: 0.213, slashAt: 13.5 },
  subtle: { fail: 0.916, pass: 0.031, slashAt: 6.5 },
  trustDecay: 0.98,
  trustQuantile: 0.05,
  probationJobs: 20,
  baseRate: 0.035,
  rateSlope: 3.8,
  suspiciousRate: 0.5,
};

export interface HonestyRecord {
  /** Decayed counts of audited passes and failures. */
  readonly passes: number;
  readonly failures: number;
  readonly gross: number;
  readonly subtle: number;
  readonly audited: number;
}

export const newRecord: HonestyRecord = { passes: 0, failures: 0, gross: 0, subtle: 0, audited: 0 };

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

/** Probability that the node's next job is audited. */
export function auditRate(record: HonestyRecord, parameters = honestyParameters): number {
  if (record.audited < parameters.probationJobs || record.subtle > 0) return 1;
  const byTrust = parameters.baseRate + parameters.rateSlope * (1 - trust(record, parameters)) ** 2;
  const rate = Math.min(1, Math.max(parameters.baseRate, byTrust));
  return record.gross > 0 ? Math.max(parameters.suspiciousRate, rate) : rate;
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
