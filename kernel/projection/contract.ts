// What every projection promises, whatever it projects: its rows follow from the events alone.
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import { openReadModels, type OpenReadModels } from './read-models';
import type { Projection } from './port';
import { testPostgres, type TestDatabase } from './test-postgres';

export interface StoryEvent { readonly type: string; readonly data: Json }

export interface ProjectionContract {
  readonly projection: Projection;
  /** A folder of `<domain>/<Type>.v1.json`. */
  readonly samples: string;
  /** What happens to one thing, in order: types, of which the sample is taken, and events. Every subscribed type stands in it. */
  readonly life: readonly (string | StoryEvent)[];
  /** The tables that hold something in the end. */
  readonly leaves: readonly string[];
}

const lives = 3;

export function projectionContract({ projection, samples, life, leaves }: ProjectionContract): void {
  describe(`projection ${projection.name}`, () => {
    const events = life.map((one) => (typeof one === 'string' ? sampleOf(samples, one) : one));
    const story = interleaved(events);
    let postgres: TestDatabase;
    let store: EventStore;
    let last = 0n;
    let readModels: OpenReadModels;

    beforeAll(async () => {
      store = memoryStore();
      for (const [index, { copy, event }] of story.entries()) last = await append(store, copy, event, index);
    });
    beforeEach(async () => { postgres = await testPostgres(); });
    afterEach(async () => {
      await readModels.close();
      await postgres.stop();
    });

    async function built(mostAtOnce: number): Promise<Record<string, unknown>> {
      readModels = await openReadModels({ url: postgres.url, projections: [projection], store, mostAtOnce });
      await readModels.start(new AbortController().signal);
      await readModels.waitFor(projection.name, last);
      return contents(readModels, projection);
    }

    it('keeps something of what it subscribes to, and parks nothing', async () => {
      expect(new Set(events.map(({ type }) => type))).toEqual(new Set(projection.subscribes));
      expect(Object.keys(await built(1_000)).sort()).toEqual([...leaves].sort());
      expect((await readModels.status()).map(({ parked, failure }) => ({ parked, failure }))).toEqual([{ parked: 0, failure: null }]);
    });

    it('has the same rows whether events come one by one, a few or all at once, and when it is built anew beside what is read', async () => {
      const singly = await built(1);
      for (const mostAtOnce of [7, 1_000]) {
        await readModels.close();
        await postgres.stop();
        postgres = await testPostgres();
        expect(await built(mostAtOnce)).toEqual(singly);
      }
      await readModels.rebuild(projection.name);
      expect(await contents(readModels, projection)).toEqual(singly);
    });
  });
}

function sampleOf(samples: string, type: string): StoryEvent {
  const file = readdirSync(samples).map((domain) => join(samples, domain, `${type}.v1.json`)).find((path) => existsSync(path));
  return JSON.parse(readFileSync(file ?? type, 'utf8')) as StoryEvent;
}

/** The same life under other ids, each a step behind the one before. */
function interleaved(life: readonly StoryEvent[]): readonly { readonly copy: number; readonly event: StoryEvent }[] {
  const story: { readonly copy: number; readonly event: StoryEvent }[] = [];
  for (let step = 0; step < life.length + lives; step += 1) {
    for (let copy = 0; copy < lives; copy += 1) {
      const event = life[step - copy];
      if (event !== undefined) story.push({ copy, event: JSON.parse(renamed(JSON.stringify(event), copy)) as StoryEvent });
    }
  }
  return story;
}

/** Ids are ULIDs after an underscore here; what has another name, or is counted, gets its life's number at the end. */
function renamed(text: string, copy: number): string {
  return text.replace(/_01([0-9A-Z]{24})/g, `_0${copy + 1}$1`).replace(/"(bucket|key|epoch|accessKeyId|proposalId|pool)":("?)([^",}]*)/g, (_, name: string, quote: string, value: string) =>
    `"${name}":${quote}${value}${copy}`);
}

async function append(store: EventStore, copy: number, { type, data }: StoryEvent, index: number): Promise<bigint> {
  const id = randomUUID();
  const occurredAt = new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString();
  const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt, schemaVersion: 1 };
  return (await store.append(`life-${copy}`, 'any', [{ id, type, data, metadata }])).position;
}

/** Only tables that hold something. */
async function contents({ database }: OpenReadModels, { name, entities }: Projection): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const { options } of entities) {
    const rows = await database.query<readonly unknown[]>(`SELECT * FROM "${name}"."${options.tableName ?? ''}" AS held ORDER BY held::text`);
    if (rows.length > 0) tables[options.tableName ?? ''] = rows;
  }
  return tables;
}
