// Persistent subscriptions as gRPC sees them: groups are made, changed, listed and deleted by single calls, and consumed over a stream
// of messages in both directions.
import { randomUUID } from 'node:crypto';
import { Metadata, status, type sendUnaryData, type ServerDuplexStream, type ServerUnaryCall, type ServiceError } from '@grpc/grpc-js';
import type { EventStore } from '@oort/kernel-eventstore';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { Access, Caller } from './access';
import { streamOf } from './append';
import { lastRevision } from './stream-metadata';
import { Group, type NackAction, type Source } from './persistent-group';
import { infoOf } from './persistent-info';
import { groupRequestOf, type ChangeReq, type GroupConfig, type GroupRequest } from './persistent-settings';
import { readConfigs, writeConfigs } from './persistent-storage';
import { bigintOf, longOf } from './protocol';
import { followAll, followStream } from './read';
import { Malformed, serviceError } from './refusals';
import { recordOf, uuidOf } from './wire-record';
import type { Long, ReadOptions, Reply, StreamIdentifier, Uuid } from './messages';
import type { Message } from './persistent-message';

type Call = ServerDuplexStream<unknown, Reply>;

interface Named { readonly streamIdentifier?: StreamIdentifier; readonly all?: object; readonly groupName: string }

interface ReadReq {
  readonly content?: 'options' | 'ack' | 'nack';
  readonly options?: Named & { readonly bufferSize: number; readonly uuidOption?: { readonly content?: 'structured' | 'string' } };
  readonly ack?: { readonly ids: readonly Uuid[] };
  readonly nack?: { readonly ids: readonly Uuid[]; readonly action: number; readonly reason: string };
}

class GroupRefused extends Fault {
  constructor(readonly grpcStatus: status, readonly exception: string, readonly source: string, readonly group: string, message: string) {
    super('GROUP_REFUSED', message, { source, group });
  }
}

const absent = (source: string, group: string): GroupRefused =>
  new GroupRefused(status.NOT_FOUND, 'persistent-subscription-does-not-exist', source, group, `Subscription group ${group} on stream ${source} does not exist.`);
const dropped = (source: string, group: string): GroupRefused =>
  new GroupRefused(status.CANCELLED, 'persistent-subscription-dropped', source, group, `Subscription group ${group} on stream ${source} was dropped.`);

const nackActions: readonly (NackAction | null)[] = [null, 'park', 'retry', 'skip', 'stop'];
/** When a consumer names none. */
const usualBuffer = 10;

export class PersistentSubscriptions {
  readonly #groups = new Map<string, Group>();
  readonly #ready: Promise<void>;
  /** Changes one after another: each writes all groups. */
  #changing: Promise<unknown>;

  constructor(private readonly store: EventStore, private readonly access: Access) {
    this.#ready = this.#recall();
    this.#ready.catch(() => undefined);
    this.#changing = this.#ready;
  }

  readonly methods = {
    Create: this.#operated((request) => this.#changed(() => this.#create(groupRequestOf(request as ChangeReq)))),
    Update: this.#operated((request) => this.#changed(() => this.#update(groupRequestOf(request as ChangeReq)))),
    Delete: this.#operated((request) => this.#changed(() => this.#delete(...namedIn(request)))),
    GetInfo: this.#unary(async (request) => ({ subscriptionInfo: await infoOf(this.store, this.#group(...namedIn(request))) })),
    ReplayParked: this.#operated(async (request) => {
      const { stopAtOption, stopAt } = (request as { readonly options: { readonly stopAtOption?: string; readonly stopAt: Long } }).options;
      await this.#group(...namedIn(request)).replayParked(stopAtOption === 'stopAt' ? bigintOf(stopAt) : null);
      return {};
    }),
    List: this.#unary((request) => this.#list(request as { readonly options?: { readonly listForStream?: { readonly stream?: StreamIdentifier; readonly all?: object } } })),
    RestartSubsystem: this.#operated(() => this.#changed(() => this.#restart())),
    Read: (call: Call): void => { this.#consume(call); },
  };

  /** Writes every checkpoint. */
  async close(): Promise<void> {
    await this.#changing.catch(() => undefined);
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    this.#groups.clear();
  }

  async #recall(): Promise<void> {
    for (const config of await readConfigs(this.store)) await this.#open(config);
  }

  async #open(config: GroupConfig): Promise<void> {
    this.#groups.set(keyOf(config.source, config.group), await Group.open(this.store, config, sourceOf(this.store, config)));
  }

  #group(source: string, group: string): Group {
    const found = this.#groups.get(keyOf(source, group));
    if (found === undefined) throw absent(source, group);
    return found;
  }

  async #create(request: GroupRequest): Promise<Reply> {
    const { source, group } = request;
    if (this.#groups.has(keyOf(source, group))) {
      throw new GroupRefused(status.ALREADY_EXISTS, 'persistent-subscription-exists', source, group, `Subscription group ${group} on stream ${source} exists.`);
    }
    const config = { ...request, after: await this.#placeBefore(request) };
    await writeConfigs(this.store, [...this.#configs(), config]);
    await this.#open(config);
    return {};
  }

  /** Its consumers are dropped, as they count on what it was; its place stays. */
  async #update(request: GroupRequest): Promise<Reply> {
    const { source, group } = request;
    const before = this.#group(source, group);
    const config = { ...request, filter: before.config.filter, after: await this.#placeBefore(request) };
    await writeConfigs(this.store, this.#configs().map((one) => (one === before.config ? config : one)));
    await before.close();
    await this.#open(config);
    return {};
  }

  async #delete(source: string, group: string): Promise<Reply> {
    const found = this.#group(source, group);
    await writeConfigs(this.store, this.#configs().filter((one) => one !== found.config));
    this.#groups.delete(keyOf(source, group));
    await found.close({ forgetting: true });
    return {};
  }

  async #restart(): Promise<Reply> {
    const configs = this.#configs();
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    for (const config of configs) await this.#open(config);
    return {};
  }

  async #list({ options }: { readonly options?: { readonly listForStream?: { readonly stream?: StreamIdentifier; readonly all?: object } } }): Promise<Reply> {
    const only = options?.listForStream;
    const source = only == null ? null : only.all == null ? streamOf(only.stream) : '$all';
    const groups = [...this.#groups.values()].filter(({ config }) => source === null || config.source === source);
    if (source !== null && groups.length === 0) throw absent(source, '');
    return { subscriptions: await Promise.all(groups.map((group) => infoOf(this.store, group))) };
  }

  /** The last place that is not wanted: what `start`, `end` or a number means today. */
  async #placeBefore({ source, startFrom }: GroupRequest): Promise<string | null> {
    if (startFrom === 'start' || startFrom === '0') return null;
    if (startFrom !== 'end') return (BigInt(startFrom) - 1n).toString();
    const last = source === '$all' ? await this.store.head() : await lastRevision(this.store, source);
    return last?.toString() ?? null;
  }

  #configs(): readonly GroupConfig[] {
    return [...this.#groups.values()].map(({ config }) => config);
  }

  #changed(change: () => Promise<Reply>): Promise<Reply> {
    const done = this.#changing.catch(() => undefined).then(change);
    this.#changing = done;
    return done;
  }

  /** What changes groups is for those who run the node; what only tells of them is for everybody who has a name. */
  #operated(run: (request: unknown) => Promise<Reply>) {
    return this.#unary(run, (call) => this.access.requireOperator(call));
  }

  #unary(run: (request: unknown) => Promise<Reply>, allowed = (call: Caller): Promise<void> => this.access.requireUser(call)) {
    return (call: ServerUnaryCall<unknown, Reply>, answer: sendUnaryData<Reply>): void => {
      allowed(call).then(() => this.#ready).then(() => run(call.request)).then((reply) => answer(null, reply), (error: unknown) => answer(refusal(error)));
    };
  }

  #consume(call: Call): void {
    const id = randomUUID();
    let joined: Promise<Group | null> | null = null;
    const leave = (): void => { void joined?.then((group) => group?.disconnect(id)); };
    const fail = (error: unknown): void => { call.emit('error', refusal(error)); };
    for (const name of ['cancelled', 'close', 'error', 'end']) call.on(name, leave);
    call.on('data', (request: ReadReq) => {
      if (joined === null) {
        joined = this.#ready.then(() => this.#join(call, id, request));
        joined.catch(fail);
        joined = joined.catch(() => null);
        return;
      }
      void joined.then((group) => { settle(group, id, request); }).catch(fail);
    });
    call.on('end', () => { call.end(); });
  }

  async #join(call: Call, id: string, { options }: ReadReq): Promise<Group> {
    if (options == null) throw new Malformed('the first message of a consumer names its group');
    const [source, name] = namedIn({ options });
    await this.access.requireAccess(call, source, 'read');
    const username = (await this.access.principalOf(call))?.name ?? 'anonymous';
    const group = this.#group(source, name);
    const structured = options.uuidOption?.content === 'structured';
    call.write({ subscriptionConfirmation: { subscriptionId: `${source}::${name}` } });
    const connected = group.connect({
      id, from: call.getPeer(), username, connectionName: String(call.metadata.get('connection-name')[0] ?? ''),
      size: options.bufferSize > 0 ? options.bufferSize : usualBuffer,
      send: (message) => { call.write({ event: eventOf(message, structured) }); },
      drop: () => { call.emit('error', refusal(dropped(source, name))); },
    });
    if (!connected) throw new GroupRefused(status.FAILED_PRECONDITION, 'maximum-subscribers-reached', source, name, `Maximum subscriptions reached for group ${name} on stream ${source}.`);
    return group;
  }
}

function settle(group: Group | null, id: string, { ack, nack }: ReadReq): void {
  if (ack != null) group?.ack(id, ack.ids.map(uuidOf));
  if (nack == null) return;
  const action = nackActions[nack.action] ?? null;
  if (action === null) throw new Malformed(`no such answer to a message: ${nack.action}`);
  group?.nack(id, nack.ids.map(uuidOf), action, nack.reason);
}

function eventOf({ shown: { event, link }, retries }: Message, structured: boolean): Reply {
  return {
    event: recordOf(event, structured),
    ...(link === undefined ? {} : { link: recordOf(link, structured) }),
    commitPosition: longOf((link ?? event).position),
    retryCount: retries,
  };
}

/** Reads on after a place: a revision of a stream, a position of `$all`. */
function sourceOf(store: EventStore, { source, filter }: GroupConfig): Source {
  const base = { readDirection: 0, resolveLinks: false, count: longNumber(0n), countOption: 'subscription' } as const;
  return async function* follow(after, signal) {
    const options: ReadOptions = source === '$all'
      ? {
        ...base, filterOption: filter === null ? 'noFilter' : 'filter',
        ...(filter === null ? {} : { filter: { filter: filter.kind, [filter.kind]: filter.expression } }),
        all: after === null ? { allOption: 'start' } : { allOption: 'position', position: { commitPosition: longNumber(after) } },
      }
      : {
        ...base,
        stream: { streamIdentifier: { streamName: Buffer.from(source) }, revisionOption: after === null ? 'start' : 'revision', revision: longNumber(after ?? 0n) },
      };
    const deliveries = source === '$all' ? followAll(store, options, null, signal) : followStream(store, options, null, signal);
    for await (const delivery of deliveries) {
      if (!('kind' in delivery)) yield delivery;
      else if (delivery.kind === 'event') yield { event: delivery.event };
      else if (delivery.kind === 'caughtUp') yield { caughtUp: true };
      else yield { upTo: delivery.position };
    }
  };
}

function longNumber(value: bigint): Long {
  return { ...longOf(value), toString: () => value.toString() };
}

function keyOf(source: string, group: string): string {
  return `${source}::${group}`;
}

/** Throws Malformed. */
function namedIn(request: unknown): [source: string, group: string] {
  const { options } = request as { readonly options?: Named | null };
  if (options == null) throw new Malformed('no options');
  return [options.all == null ? streamOf(options.streamIdentifier) : '$all', options.groupName];
}

function refusal(error: unknown): ServiceError {
  if (!(error instanceof GroupRefused)) return serviceError(error, '');
  const metadata = new Metadata();
  metadata.set('exception', error.exception);
  metadata.set('stream-name', error.source);
  metadata.set('group-name', error.group);
  return Object.assign(new Fault('REFUSED', messageOf(error)), { code: error.grpcStatus, details: error.message, metadata });
}
