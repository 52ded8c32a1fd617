// What a group leaves in the store, under the names of the real server: its settings, its checkpoint, what it parked.
import { randomUUID } from 'node:crypto';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { linkTo } from './derived';
import { lastRevision, softDelete, systemEvent, truncateBefore, truncationOf } from './stream-metadata';
import { configJson, type GroupConfig } from './persistent-settings';

export const configStream = '$persistentSubscriptionConfig';
const configType = '$PersistentConfig1';
const checkpointType = '$SubscriptionCheckpoint';
const groupPrefix = '$persistentsubscription-';

/** A group of `$all` must not be fed by what groups write, or each checkpoint would make the next. */
export function ofGroups(stream: string): boolean {
  return stream.startsWith(groupPrefix) || stream.startsWith(`$$${groupPrefix}`) || stream === configStream;
}

export async function readConfigs(store: EventStore): Promise<readonly GroupConfig[]> {
  for await (const { data } of store.read(configStream, { direction: 'backwards', limit: 1 })) return (data as unknown as { readonly groups: readonly GroupConfig[] }).groups;
  return [];
}

/** All of them in one event: the newest is the whole truth. */
export async function writeConfigs(store: EventStore, groups: readonly GroupConfig[]): Promise<void> {
  await store.append(configStream, 'any', [systemEvent(configType, { groups: groups.map(configJson) }, new Date())]);
}

export class GroupStorage {
  readonly #checkpoints: string;
  readonly #parked: string;

  constructor(private readonly store: EventStore, { source, group }: GroupConfig) {
    this.#checkpoints = `${groupPrefix}${source}::${group}-checkpoint`;
    this.#parked = `${groupPrefix}${source}::${group}-parked`;
  }

  async checkpoint(): Promise<bigint | null> {
    if ((await truncationOf(this.store, this.#checkpoints)).before > (await lastRevision(this.store, this.#checkpoints) ?? -1n)) return null;
    for await (const { data } of this.store.read(this.#checkpoints, { direction: 'backwards', limit: 1 })) return typeof data === 'string' ? BigInt(data) : null;
    return null;
  }

  async writeCheckpoint(place: bigint): Promise<void> {
    await this.store.append(this.#checkpoints, 'any', [systemEvent(checkpointType, place.toString(), new Date())]);
  }

  /** A link to the event, with the reason in its metadata. */
  async park(event: RecordedEvent, reason: string): Promise<void> {
    const { data } = linkTo(event, this.#parked, 0n);
    const said = Buffer.from(JSON.stringify({ added: new Date().toISOString(), reason })).toString('base64');
    const base = systemEvent('$>', data, new Date());
    await this.store.append(this.#parked, 'any', [{ ...base, id: randomUUID(), metadata: { ...base.metadata, $sent: said } as typeof base.metadata }]);
  }

  async parkedCount(): Promise<bigint> {
    const last = await lastRevision(this.store, this.#parked);
    const { before } = await truncationOf(this.store, this.#parked);
    return last === null || before > last ? 0n : last - before + 1n;
  }

  /** From a revision on, or the first that is not truncated. */
  async* parked(from: bigint): AsyncGenerator<RecordedEvent> {
    const { before } = await truncationOf(this.store, this.#parked);
    yield* this.store.read(this.#parked, { from: from > before ? from : before });
  }

  async forgetParked(upTo: bigint): Promise<void> {
    await truncateBefore(this.store, this.#parked, upTo + 1n, new Date());
  }

  async forget(): Promise<void> {
    for (const stream of [this.#checkpoints, this.#parked]) await softDelete(this.store, stream, new Date());
  }
}

