// Cold storage. An archived object leaves the hot nodes; each of its sealed segments lies as a CAR with one or more backends until it is
// restored. Where it lies, nobody is trusted: what comes back is held against the CAR's root, block by block, and the next copy is asked.
import type { ColdAggregate, ColdCar, ColdDeposit, SegmentPlacement } from '@oort/schema/events/storage';
import { aggregateOf } from '../archive-formats/aggregate';
import { CarDamaged, carOf, looksLikeCar, openCar } from '../archive-formats/car';
import { cidText } from '../archive-formats/cid';
import { commitPayloadGently, openPieceCidV2, pieceCidV2 } from '../archive-formats/piece-commitment';
import { archiveNodesName } from './archive-nodes';
import { ArchiveCopyLost, ArchiveUnreachable } from './faults';
import type { ArchiveBackend, ColdSegment, SealedCar } from './port';

export interface ArchiveOptions {
  /** Whatever can be had back; archives of before may lie with one that takes nothing new. */
  readonly backends: readonly ArchiveBackend[];
  /** Where an archive goes that does not say where; a copy to each. */
  readonly chosen: readonly string[];
  /** Told of each copy that was not to be had while another was. */
  onLost?(lost: ArchiveCopyLost): void;
}

/** What an archive's event records beside the placements. */
export interface ColdRecord { readonly segments: readonly SegmentPlacement[]; readonly cars: readonly ColdCar[]; readonly aggregate?: ColdAggregate }

export class Archive {
  constructor(private readonly options: ArchiveOptions) {}

  /** Null when one of these is not there. */
  chosen(names: readonly string[] = this.options.chosen): readonly ArchiveBackend[] | null {
    const found = [...new Set(names)].map((name) => this.options.backends.find((backend) => backend.name === name));
    return found.length > 0 && found.every((backend) => backend !== undefined) ? found : null;
  }

  /** A copy with each of them. What some took when another fails is given up again. */
  async keep(segmentId: string, sealed: Buffer, accountId: string, backends: readonly ArchiveBackend[]): Promise<ColdSegment> {
    const { bytes, root } = carOf(sealed);
    const commitment = await commitPayloadGently(bytes);
    const car: SealedCar = { segmentId, root: cidText(root), bytes, commitment, pieceCid: pieceCidV2(commitment) };
    const kept = await Promise.allSettled(backends.map((backend) => backend.keep(car, accountId)));
    const taken = kept.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    // Without a place of ours it is one copy elsewhere.
    const nowhere: SegmentPlacement = { segmentId, sizeBytes: bytes.length, k: 1, n: 1, stripeUnitBytes: bytes.length, pieces: [] };
    const placement = taken.flatMap((one) => ('placement' in one ? [one.placement] : []))[0] ?? nowhere;
    const deposits = taken.flatMap((one) => ('deposit' in one ? [one.deposit] : []));
    const cold = { placement, car: { segmentId, root: car.root, sizeBytes: bytes.length, pieceCid: car.pieceCid, deposits } };
    const failed = kept.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return cold;
    await this.remove([cold]);
    throw failed.reason;
  }

  /** Completes what is recorded elsewhere for all segments at once, and makes one aggregate of them. */
  async confirm(cold: readonly ColdSegment[], backends: readonly ArchiveBackend[]): Promise<ColdRecord> {
    const confirmed = new Map<string, ColdDeposit>();
    for (const backend of backends) {
      const own = cold.flatMap(({ car }) => car?.deposits.filter((deposit) => deposit.backend === backend.name) ?? []);
      for (const deposit of own.length === 0 ? [] : await backend.confirm?.(own) ?? own) confirmed.set(`${deposit.backend}/${deposit.locator}`, deposit);
    }
    const cars = cold.flatMap(({ car }) => (car === null ? [] : [{
      ...car, deposits: car.deposits.map((deposit) => confirmed.get(`${deposit.backend}/${deposit.locator}`) ?? deposit) }]));
    const aggregate = coldAggregate(cars);
    return { segments: cold.map(({ placement }) => placement), cars, ...(aggregate === null ? {} : { aggregate }) };
  }

  /** The sealed bytes as they went in, from the first copy that is whole. Throws ArchiveUnreachable. */
  async fetch(cold: ColdSegment, accountId: string): Promise<Buffer> {
    const lost: ArchiveCopyLost[] = [];
    for (const name of backendsOf(cold)) {
      try {
        const sealed = opened(cold, name, await this.#backend(name, cold).fetch(cold, accountId));
        for (const copy of lost) this.options.onLost?.(copy);
        return sealed;
      } catch (error) {
        if (!(error instanceof ArchiveCopyLost)) throw error;
        lost.push(error);
      }
    }
    throw new ArchiveUnreachable(cold.placement.segmentId, lost);
  }

  async remove(cold: readonly ColdSegment[]): Promise<void> {
    for (const backend of this.options.backends) {
      const own = cold.filter((one) => backendsOf(one).includes(backend.name));
      if (own.length > 0) await backend.remove(own);
    }
  }

  #backend(name: string, { placement: { segmentId } }: ColdSegment): ArchiveBackend {
    const backend = this.options.backends.find((candidate) => candidate.name === name);
    if (backend === undefined) throw new ArchiveCopyLost(name, segmentId, 'not configured', 'this platform has no such backend now');
    return backend;
  }
}

/** As an archived version has them. */
export function coldSegments(segments: readonly SegmentPlacement[], cars: readonly ColdCar[]): readonly ColdSegment[] {
  return segments.map((placement) => ({ placement, car: cars.find(({ segmentId }) => segmentId === placement.segmentId) ?? null }));
}

/** Ours first, since it costs nothing to ask. */
function backendsOf({ placement, car }: ColdSegment): readonly string[] {
  return [...(placement.pieces.length > 0 ? [archiveNodesName] : []), ...(car?.deposits.map(({ backend }) => backend) ?? [])];
}

function opened({ placement: { segmentId }, car }: ColdSegment, backend: string, stored: Buffer): Buffer {
  // Archives of before are the sealed bytes alone, which begin like a CAR once in 2^100 times.
  if (car === null && !looksLikeCar(stored)) return stored;
  try {
    const { root, file } = openCar(stored);
    if (car !== null && cidText(root) !== car.root) throw new CarDamaged(`it is ${cidText(root)} and not ${car.root}`);
    return file;
  } catch (error) {
    if (error instanceof CarDamaged) throw new ArchiveCopyLost(backend, segmentId, 'corrupt', error.message);
    throw error;
  }
}

function coldAggregate(cars: readonly ColdCar[]): ColdAggregate | null {
  const pieces = cars.flatMap(({ pieceCid }) => openPieceCidV2(pieceCid) ?? []);
  if (pieces.length < 2) return null;
  const { pieceCid, proofs } = aggregateOf(pieces);
  return { pieceCid, proofs: proofs.map((proof, at) => ({ segmentId: cars[at]?.segmentId ?? '', ...proof })) };
}
