// How far what is read has come: told at once by a worker in this process, asked of PostgreSQL for one in another.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { EventStore } from '@oort/kernel-eventstore';
import type { Build } from './builds';

export class ReadModelBehind extends Fault {
  constructor(name: string, wanted: bigint, applied: bigint, failure: string | null) {
    super('READ_MODEL_BEHIND', `projection ${name} is at ${applied}, not yet at ${wanted}${failure === null ? '' : `: ${failure}`}`,
      { name, wanted: wanted.toString(), applied: applied.toString(), failure });
  }
}

export class ReadModelAhead extends Fault {
  constructor(name: string, why: string) {
    super('READ_MODEL_AHEAD', `projection ${name} knows events that the store does not have (${why}), as after restoring the store from an `
      + `older backup: \`oort projections rebuild ${name}\` fills it again`, { name });
  }
}

/** What was applied last must be in the store still, at its place. Throws ReadModelAhead. */
export async function checkMark(store: EventStore, { name, position, mark_position: at, mark_event: id }: Build): Promise<void> {
  const head = await store.head();
  if (BigInt(position) > (head ?? -1n)) throw new ReadModelAhead(name, `it is at ${position}, the store ends at ${head ?? 'its beginning'}`);
  if (at === null || id === null) return;
  for await (const event of store.readAll({ after: BigInt(at) - 1n }, { limit: 1 })) {
    if (event.id !== id) throw new ReadModelAhead(name, `event ${id} is no longer at ${at}`);
  }
}

export class UnknownProjection extends Fault {
  constructor(name: string) {
    super('UNKNOWN_PROJECTION', `no projection ${name} here`, { name });
  }
}

interface Waiter { readonly position: bigint; readonly wake: () => void; readonly refuse: (error: Error) => void }

interface Place { applied: bigint; failure: string | null; ahead: ReadModelAhead | null; waiters: Waiter[] }

const pollMs = { first: 10, most: 200 };

export class Positions {
  private readonly places = new Map<string, Place>();
  private polling: Promise<void> | null = null;
  private closed = false;

  constructor(private readonly database: DataSource, names: readonly string[]) {
    for (const name of names) this.places.set(name, { applied: -1n, failure: null, ahead: null, waiters: [] });
  }

  async waitFor(name: string, position: bigint, timeoutMs: number): Promise<void> {
    const place = this.places.get(name);
    if (place === undefined) throw new UnknownProjection(name);
    if (place.ahead === null && place.applied >= position) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (end: () => void) => (): void => {
        clearTimeout(timer);
        place.waiters = place.waiters.filter((other) => other !== waiter);
        end();
      };
      const waiter: Waiter = { position, wake: finish(resolve), refuse: (error) => { finish(() => { reject(error); })(); } };
      const timer = setTimeout(finish(() => { reject(new ReadModelBehind(name, position, place.applied, place.failure)); }), timeoutMs);
      place.waiters.push(waiter);
      this.polling ??= this.poll().finally(() => { this.polling = null; });
    });
  }

  /** Before anybody waits: a position of a history that is no more must satisfy nobody. */
  async check(store: EventStore): Promise<void> {
    const builds: readonly Build[] = await this.database.query(`SELECT * FROM read_models.builds WHERE state = 'active' AND name = ANY($1)`, [[...this.places.keys()]]);
    for (const build of builds) {
      try {
        await checkMark(store, build);
      } catch (error) {
        if (!(error instanceof ReadModelAhead)) throw error;
        this.fail(build.name, error.message, error);
        await this.database.query('UPDATE read_models.builds SET ahead = true, failure = $2 WHERE id = $1', [build.id, messageOf(error)]);
      }
    }
  }

  /** What the active build's worker in this process has committed. */
  advance(name: string, position: bigint): void {
    const place = this.places.get(name);
    if (place === undefined) return;
    if (place.ahead !== null || position > place.applied) place.applied = position;
    place.failure = null;
    place.ahead = null;
    for (const waiter of place.waiters.filter((one) => one.position <= place.applied)) waiter.wake();
  }

  fail(name: string, failure: string, ahead: ReadModelAhead | null): void {
    const place = this.places.get(name);
    if (place === undefined) return;
    place.failure = failure;
    place.ahead = ahead;
    if (ahead !== null) for (const waiter of place.waiters) waiter.refuse(ahead);
  }

  close(): void {
    this.closed = true;
    for (const [name, { waiters, applied }] of this.places) {
      for (const waiter of waiters) waiter.refuse(new ReadModelBehind(name, waiter.position, applied, 'it was closed'));
    }
  }

  /** As long as somebody waits. */
  private async poll(): Promise<void> {
    for (let pauseMs = pollMs.first; !this.closed; pauseMs = Math.min(pauseMs * 2, pollMs.most)) {
      await sleep(pauseMs);
      const waited = [...this.places].filter(([, { waiters }]) => waiters.length > 0).map(([name]) => name);
      if (waited.length === 0) return;
      const rows: readonly { readonly name: string; readonly position: string; readonly failure: string | null; readonly ahead: boolean }[] =
        await this.database.query(`SELECT name, position, failure, ahead FROM read_models.builds WHERE state = 'active' AND name = ANY($1)`, [waited])
          .catch(() => []);
      for (const { name, position, failure, ahead } of rows) {
        const place = this.places.get(name);
        if (ahead) this.fail(name, failure ?? '', place?.ahead ?? new ReadModelAhead(name, 'as its worker found'));
        else if (place?.ahead !== null || BigInt(position) > place.applied) this.advance(name, BigInt(position));
        else if (failure !== null) this.fail(name, failure, null);
      }
    }
  }
}
