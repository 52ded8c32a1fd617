// One node, several kinds of work, a record for each: many cheap passes in one must not hide failures in another.
import { deservesSlash, newRecord, observe, trust, type HonestyParameters, type HonestyRecord, type Outcome, honestyParameters } from './record';

export type Work = 'inference' | 'training' | 'storage' | 'annotation' | 'liveness';
export type RecordKind = 'compute' | 'storage' | 'annotation' | 'liveness';
export type Records = Readonly<Record<RecordKind, HonestyRecord>>;

export const newRecords: Records = { compute: newRecord, storage: newRecord, annotation: newRecord, liveness: newRecord };

export function recordKindOf(work: Work): RecordKind {
  switch (work) {
    case 'inference':
    case 'training': return 'compute';
    case 'storage':
    case 'annotation':
    case 'liveness': return work;
  }
}

export function observeWork(records: Records, work: Work, outcome: Outcome, parameters: HonestyParameters = honestyParameters): Records {
  const kind = recordKindOf(work);
  return { ...records, [kind]: observe(records[kind], outcome, parameters) };
}

/** Lower bound of the honesty rate over all work. Passes are those of computing, or of storing for who computes nothing, so that cheap
 *  ones buy nothing; failures count wherever they were. That a machine was away is no lie: uptime counts for itself (HONESTY: Rates). */
export function trustOver({ compute, storage, annotation }: Records, parameters: HonestyParameters = honestyParameters): number {
  const passes = compute.passes > 0 ? compute.passes : Math.max(storage.passes, annotation.passes);
  const failures = compute.failures + storage.failures + annotation.failures;
  return trust({ ...compute, passes, failures }, parameters);
}

/** Whoever is away or mislabels has no stake in it: only what was computed or kept wrongly is slashed. */
export function deservesSlashFor(records: Records, work: Work, parameters: HonestyParameters = honestyParameters): boolean {
  const kind = recordKindOf(work);
  return (kind === 'compute' || kind === 'storage') && deservesSlash(records[kind], parameters);
}

/** What a slash leaves: each record is spent, what failed is not forgotten. */
export function spent(records: Records): Records {
  const afresh = ({ failures }: HonestyRecord): HonestyRecord => ({ ...newRecord, failures });
  const { compute, storage, annotation, liveness } = records;
  return { compute: afresh(compute), storage: afresh(storage), annotation: afresh(annotation), liveness: afresh(liveness) };
}
