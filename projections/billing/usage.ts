// What an event says was used. A CloudEvents identity (source, id) names each record for ever: the source is the platform's log,
// the id the event's, so an event read twice is one record.
import type { PlatformEvent } from '@oort/schema';
import type { BilledItem } from './price-book';

export interface Usage {
  readonly accountId: string;
  readonly item: BilledItem;
  readonly quantity: bigint;
}

/** Predictions on nodes are in the cost of their job, predictions offline in OfflineUsageReported:
 *  PredictionRecorded itself bills nothing, or every prediction would be paid for twice. */
export const usageTypes = [
  'BandwidthSettled',
  'JobCompleted',
  'JobRefunded',
  'OfflineUsageReported',
] as const satisfies readonly PlatformEvent['type'][];

export type UsageEvent = Extract<PlatformEvent, { readonly type: (typeof usageTypes)[number] }>;

/** What lies stored is counted in time and not here: StorageRow. */
export function usageOf(event: UsageEvent): Usage | null {
  switch (event.type) {
    case 'BandwidthSettled':
      return event.data.direction === 'out'
        ? used(event.data.accountId, 'bandwidth.egress', BigInt(event.data.bytes))
        : null;
    case 'JobCompleted':
      return used(
        event.data.submitter,
        `compute.${event.data.kind}`,
        BigInt(event.data.costMicroUsd),
      );
    case 'JobRefunded':
      return used(event.data.submitter, 'compute.refund', -BigInt(event.data.amountMicroUsd));
    case 'OfflineUsageReported':
      return used(event.data.accountId, 'inference.offline', BigInt(event.data.predictions));
  }
}

export const storageItems = {
  STANDARD: 'storage.standard',
  EDGE: 'storage.edge',
  ARCHIVE: 'storage.archive',
} as const;

const used = (accountId: string, item: BilledItem, quantity: bigint): Usage | null =>
  quantity === 0n ? null : { accountId, item, quantity };
