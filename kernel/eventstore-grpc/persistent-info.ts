import type { EventStore } from '@oort/kernel-eventstore';
import { longOf } from './protocol';
import { lastRevision } from './stream-metadata';
import type { Group } from './persistent-group';
import type { Reply } from './messages';

/** SubscriptionInfo: places are revisions of a stream, and `C:commit/P:prepare` of `$all`. Rates are not measured and stay 0. */
export async function infoOf(store: EventStore, group: Group): Promise<Reply> {
  const { config: { source, group: groupName, startFrom, settings }, live, total, checkpoint, waiting, again, outstanding, parked, consumers } = await group.status();
  const known = source === '$all' ? await store.head() : await lastRevision(store, source);
  const place = (value: bigint | null): string => (value === null ? '' : source === '$all' ? `C:${value}/P:${value}` : value.toString());
  return {
    eventSource: source, groupName, status: live ? 'Live' : 'Behind', averagePerSecond: 0, totalItems: longOf(BigInt(total)), countSinceLastMeasurement: longOf(0n),
    connections: consumers.map(({ from, username, connectionName, total: items, free, held }) => ({
      from, username, connectionName, averageItemsPerSecond: 0, totalItems: longOf(BigInt(items)), countSinceLastMeasurement: longOf(0n),
      observedMeasurements: [], availableSlots: free, inFlightMessages: held,
    })),
    lastCheckpointedEventPosition: place(checkpoint), lastKnownEventPosition: place(known),
    startFrom: startFrom === 'start' ? place(0n) : startFrom === 'end' ? place(-1n) : place(BigInt(startFrom)),
    resolveLinkTos: settings.resolveLinks, messageTimeoutMilliseconds: settings.messageTimeoutMs, extraStatistics: settings.extraStatistics,
    maxRetryCount: settings.maxRetryCount, liveBufferSize: settings.liveBufferSize, bufferSize: settings.historyBufferSize, readBatchSize: settings.readBatchSize,
    checkPointAfterMilliseconds: settings.checkpointAfterMs, minCheckPointCount: settings.minCheckpointCount, maxCheckPointCount: settings.maxCheckpointCount,
    readBufferCount: waiting, liveBufferCount: longOf(0n), retryBufferCount: again,
    totalInFlightMessages: consumers.reduce((sum, { held }) => sum + held, 0), outstandingMessagesCount: outstanding,
    namedConsumerStrategy: settings.strategy, maxSubscriberCount: settings.maxSubscriberCount, parkedMessageCount: longOf(parked),
  };
}
