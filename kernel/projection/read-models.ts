import { DataSource } from 'typeorm';
import { Fault } from '@oort/kernel-wire';
import type { EventStore } from '@oort/kernel-eventstore';
import { Runner, UnknownProjection } from './runner';
import { dropOlder, makeTables, prepareCheckpoints, prepareTables, schemaOf } from './tables';
import type { Projection, ReadModels } from './port';

export class MisplacedEntity extends Fault {
  constructor(projection: string, entity: string, schema: string) {
    super('MISPLACED_ENTITY', `entity ${entity} of projection ${projection} must lie in schema ${schema}`, { projection, entity, schema });
  }
}

export interface ReadModelsOptions {
  readonly url: string;
  readonly projections: readonly Projection[];
  readonly store: EventStore;
}

export interface OpenReadModels extends ReadModels {
  /** Resolves once the projections run; they end when the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Empties the projection and applies the log from its first event. Resolves once it runs again; waitFor tells when it is done. */
  rebuild(name: string): Promise<void>;
  /** Waits for the transactions under way, then disconnects. Abort the signal of start first. */
  close(): Promise<void>;
}

interface Running { readonly stop: AbortController; readonly ended: Promise<void> }

export async function openReadModels({ url, projections, store }: ReadModelsOptions): Promise<OpenReadModels> {
  for (const projection of projections) checkPlace(projection);
  const database = new DataSource({
    type: 'postgres', url, entities: projections.flatMap((projection) => projection.entities), installExtensions: false, poolSize: 30,
  });
  await database.initialize();
  await prepareCheckpoints(database);
  for (const projection of projections) await prepareTables(database, url, projection);

  const runners = new Map(projections.map((projection) => [projection.name, runnerOf(projection)]));
  const running = new Map<string, Running>();
  let until: AbortSignal | null = null;

  function runnerOf(projection: Projection): Runner {
    return new Runner(database, store, projection, () => dropOlder(database, projection));
  }

  function run(runner: Runner, signal: AbortSignal): void {
    const stop = new AbortController();
    running.set(runner.projection.name, { stop, ended: runner.run(AbortSignal.any([signal, stop.signal])) });
  }

  function named(name: string): Runner {
    const runner = runners.get(name);
    if (runner === undefined) throw new UnknownProjection(name);
    return runner;
  }

  return {
    database,
    waitFor: async (name, position, timeoutMs = 10_000) => named(name).waitFor(position, timeoutMs),
    async start(signal) {
      until = signal;
      for (const runner of runners.values()) run(runner, signal);
    },
    async rebuild(name) {
      const { projection } = named(name);
      running.get(name)?.stop.abort();
      await running.get(name)?.ended;
      await makeTables(database, url, projection);
      const fresh = runnerOf(projection);
      runners.set(name, fresh);
      if (until !== null) run(fresh, until);
    },
    async close() {
      for (const { stop } of running.values()) stop.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
      await database.destroy();
    },
  };
}

function checkPlace(projection: Projection): void {
  for (const { options } of projection.entities) {
    if (options.schema !== schemaOf(projection)) throw new MisplacedEntity(projection.name, options.name, schemaOf(projection));
  }
}
