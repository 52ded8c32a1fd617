// What a group is set to, as it comes off the wire and as it lies in the store.
import type { Json } from '@oort/kernel-wire';
import { bigintOf } from './protocol';
import { Malformed } from './refusals';
import { streamOf } from './append';
import type { Expression, Long, ReadOptions, StreamIdentifier } from './messages';

export type Strategy = 'DispatchToSingle' | 'RoundRobin' | 'Pinned' | 'PinnedByCorrelation';

export interface GroupSettings {
  readonly resolveLinks: boolean;
  readonly extraStatistics: boolean;
  /** 0: never. */
  readonly messageTimeoutMs: number;
  readonly maxRetryCount: number;
  readonly checkpointAfterMs: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  /** 0: any number. */
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly strategy: Strategy;
}

type Filtering = NonNullable<ReadOptions['filter']>;

/** Of JSON only. */
export interface GroupConfig {
  /** `$all`, or a stream. */
  readonly source: string;
  readonly group: string;
  /** `start`, `end`, or the first revision or position. */
  readonly startFrom: string;
  /** The last place before it, as it was when the group was made; null for none. */
  readonly after: string | null;
  readonly filter: { readonly kind: 'streamIdentifier' | 'eventType'; readonly expression: Expression } | null;
  readonly settings: GroupSettings;
}

interface WireSettings {
  readonly resolveLinks: boolean; readonly extraStatistics: boolean; readonly maxRetryCount: number; readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number; readonly maxSubscriberCount: number; readonly liveBufferSize: number; readonly readBatchSize: number;
  readonly historyBufferSize: number; readonly namedConsumerStrategy: number; readonly consumerStrategy: string; readonly revision: Long;
  readonly messageTimeout?: 'messageTimeoutTicks' | 'messageTimeoutMs'; readonly messageTimeoutTicks: Long; readonly messageTimeoutMs: number;
  readonly checkpointAfter?: 'checkpointAfterTicks' | 'checkpointAfterMs'; readonly checkpointAfterTicks: Long; readonly checkpointAfterMs: number;
}

export interface ChangeReq {
  readonly options?: {
    readonly stream?: { readonly streamIdentifier?: StreamIdentifier; readonly revisionOption?: 'revision' | 'start' | 'end'; readonly revision: Long };
    readonly all?: { readonly allOption?: 'position' | 'start' | 'end'; readonly position?: { readonly commitPosition: Long }; readonly filter?: Filtering };
    readonly streamIdentifier?: StreamIdentifier;
    readonly groupName: string;
    readonly settings?: WireSettings;
  };
}

export type GroupRequest = Omit<GroupConfig, 'after'>;

const strategies: readonly Strategy[] = ['DispatchToSingle', 'RoundRobin', 'Pinned', 'PinnedByCorrelation'];
const endOfTime = 2n ** 64n - 1n;
const ticksPerMs = 10_000;

/** Throws Malformed. */
export function groupRequestOf({ options }: ChangeReq): GroupRequest {
  if (options?.settings == null) throw new Malformed('a persistent subscription has no settings');
  if (options.groupName === '') throw new Malformed('a persistent subscription has no group name');
  const settings = settingsOf(options.settings);
  if (options.all != null) {
    const { allOption, position, filter } = options.all;
    const startFrom = allOption === 'position' && position != null ? bigintOf(position.commitPosition).toString() : allOption === 'end' ? 'end' : 'start';
    return { source: '$all', group: options.groupName, startFrom, filter: filterOf(filter), settings };
  }
  const { stream } = options;
  const source = streamOf(stream?.streamIdentifier ?? options.streamIdentifier);
  if (source === '') throw new Malformed('neither a stream nor $all is named');
  const older = bigintOf(options.settings.revision);
  const startFrom = stream == null ? (older === endOfTime ? 'end' : older === 0n ? 'start' : older.toString())
    : stream.revisionOption === 'revision' ? bigintOf(stream.revision).toString() : stream.revisionOption === 'end' ? 'end' : 'start';
  return { source, group: options.groupName, startFrom, filter: null, settings };
}

function settingsOf(wire: WireSettings): GroupSettings {
  const strategy = wire.consumerStrategy === '' ? strategies[wire.namedConsumerStrategy] : strategies.find((one) => one === wire.consumerStrategy);
  if (strategy === undefined) throw new Malformed(`no consumer strategy ${wire.consumerStrategy === '' ? wire.namedConsumerStrategy : wire.consumerStrategy}`);
  const settings = {
    resolveLinks: wire.resolveLinks, extraStatistics: wire.extraStatistics, maxRetryCount: wire.maxRetryCount,
    messageTimeoutMs: wire.messageTimeout === 'messageTimeoutTicks' ? Number(bigintOf(wire.messageTimeoutTicks)) / ticksPerMs : wire.messageTimeoutMs,
    checkpointAfterMs: wire.checkpointAfter === 'checkpointAfterTicks' ? Number(bigintOf(wire.checkpointAfterTicks)) / ticksPerMs : wire.checkpointAfterMs,
    minCheckpointCount: wire.minCheckpointCount, maxCheckpointCount: wire.maxCheckpointCount, maxSubscriberCount: wire.maxSubscriberCount,
    liveBufferSize: wire.liveBufferSize, readBatchSize: wire.readBatchSize, historyBufferSize: wire.historyBufferSize, strategy,
  };
  for (const [name, value] of Object.entries(settings)) if (typeof value === 'number' && value < 0) throw new Malformed(`${name} is below 0`);
  if (settings.historyBufferSize < 1 || settings.readBatchSize < 1) throw new Malformed('the buffers of a persistent subscription hold at least one event');
  if (settings.readBatchSize >= settings.historyBufferSize) throw new Malformed('the buffer size must be larger than the read batch size');
  return settings;
}

function filterOf(filter: Filtering | undefined | null): GroupConfig['filter'] {
  const kind = filter?.filter;
  const expression = kind === 'eventType' ? filter?.eventType : filter?.streamIdentifier;
  return kind === undefined || expression == null ? null : { kind, expression: { regex: expression.regex, prefix: [...expression.prefix] } };
}

export function configJson(config: GroupConfig): Json {
  return JSON.parse(JSON.stringify(config)) as Json;
}
