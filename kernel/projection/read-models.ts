// Supervises the builds of a process's projections: starts a worker for each that this code can work on, switches follow in the
// workers, and once a second it looks for what other processes asked for and tells how far behind it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { EventStore } from '@oort/kernel-eventstore';
import { askRebuild, buildsFor, comingBuilds, dropRetired, prepareBuilds, type ComingBuild } from './builds';
import { outliveConnections } from './lost-connections';
import { parkedForReplay } from './parked';
import { Positions, UnknownProjection } from './positions';
import type { Projection, ReadModels } from './port';
import { Runner } from './runner';
import { statusOf, tellLag, type ProjectionStatus } from './status';

export class MisplacedEntity extends Fault {
  constructor(projection: string, entity: string) {
    super('MISPLACED_ENTITY', `entity ${entity} of projection ${projection} must lie in schema ${projection}`, { projection, entity });
  }
}

export interface ReadModelsOptions {
  readonly url: string;
  /** Several versions of one name may stand here: the earlier goes on until the later has caught up. */
  readonly projections: readonly Projection[];
  readonly store: EventStore;
  /** Events in one transaction, 5000 at most unless told. */
  readonly mostAtOnce?: number;
}

export interface OpenReadModels extends ReadModels {
  /** Resolves once the projections run; they end when the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves once what is read are the tables of this code, or it is told that they cannot be filled. A column that only the new code
   *  knows is not there before. Somebody has to work on them: this process, once started, or another. */
  current(): Promise<void>;
  /** Builds the projection anew beside what is read. Resolves once the new one is what is read. */
  rebuild(name: string): Promise<void>;
  status(): Promise<readonly ProjectionStatus[]>;
  /** Waits for the transactions under way, then disconnects. */
  close(): Promise<void>;
}

interface Running { readonly runner: Runner; readonly stop: AbortController; ended: Promise<void> }

const tickMs = 1_000;
const tellEveryMs = 5_000;
const failingMs = 1_000;

export async function openReadModels({ url, projections, store, mostAtOnce }: ReadModelsOptions): Promise<OpenReadModels> {
  for (const projection of projections) checkPlace(projection);
  const database = new DataSource({
    type: 'postgres', url, entities: projections.flatMap((projection) => projection.entities), installExtensions: false, poolSize: 30,
  });
  outliveConnections(await database.initialize());
  const positions = new Positions(database, projections.map(({ name }) => name));
  const running = new Map<string, Running>();
  const closing = new AbortController();
  let until: AbortSignal | null = null;
  let ticking: Promise<void> = Promise.resolve();
  try {
    await prepareBuilds(database, projections);
    await positions.check(store);
  } catch (error) {
    await database.destroy();
    throw error;
  }

  async function startNew(signal: AbortSignal): Promise<void> {
    for (const [projection, build] of await buildsFor(database, projections)) {
      if (running.has(build.id) || signal.aborted) continue;
      const stop = new AbortController();
      const runner = new Runner({ database, store, projection, positions, ...(mostAtOnce === undefined ? {} : { mostAtOnce }) }, build);
      const one: Running = { runner, stop, ended: Promise.resolve() };
      running.set(build.id, one);
      one.ended = runner.run(AbortSignal.any([signal, stop.signal])).finally(() => { running.delete(build.id); });
    }
  }

  async function tick(signal: AbortSignal): Promise<void> {
    await startNew(signal);
    await dropRetired(database);
    for (const { runner } of running.values()) {
      if (runner.position === null) continue;
      await tellLag(database, store, runner.id, runner.position);
      if ((await parkedForReplay(database, runner.id)).length > 0) runner.askReplay();
    }
  }

  async function keepTicking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await tick(signal).catch((error: unknown) => { if (!signal.aborted) process.stderr.write(`projections: ${messageOf(error)}\n`); });
      await sleep(tickMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    database,
    waitFor: (name, position, timeoutMs = 10_000) => positions.waitFor(name, position, timeoutMs),
    async start(signal) {
      until = AbortSignal.any([signal, closing.signal]);
      await startNew(until);
      ticking = keepTicking(until);
    },
    async current() {
      // A failure may be one of before, which the worker is about to get over.
      for (let [toldAt, wellAt, pauseMs] = [Date.now(), Date.now(), 10]; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, 200)) {
        const coming = await comingBuilds(database, projections);
        if (coming.length === 0) return;
        if (coming.some(({ failure }) => failure === null)) wellAt = Date.now();
        if (Date.now() - wellAt > failingMs) return tell(coming);
        if (Date.now() - toldAt > tellEveryMs) {
          tell(coming);
          toldAt = Date.now();
        }
        await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    },
    async rebuild(name) {
      if (!projections.some((projection) => projection.name === name)) throw new UnknownProjection(name);
      await askRebuild(database, name);
      if (until !== null) await startNew(until);
      const builds = (): Promise<readonly unknown[]> => database.query(`SELECT FROM read_models.builds WHERE name = $1 AND state = 'building'`, [name]);
      while ((await builds()).length > 0) await sleep(20, undefined, { signal: closing.signal });
    },
    status: () => statusOf(database),
    async close() {
      closing.abort();
      positions.close();
      for (const { stop } of running.values()) stop.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
      await ticking;
      await database.destroy();
    },
  };
}

function tell(builds: readonly ComingBuild[]): void {
  for (const { name, version, position, head, failure } of builds) {
    process.stderr.write(`projections: ${name} is filled for version ${version}, at ${position} of ${head ?? 'so far unknown'}${failure === null ? '' : `, and fails: ${failure}`}\n`);
  }
}

function checkPlace(projection: Projection): void {
  for (const { options } of projection.entities) {
    if (options.schema !== projection.name) throw new MisplacedEntity(projection.name, options.name);
  }
}
