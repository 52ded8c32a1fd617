// Forgetting a person, over the embedded store and real PostgreSQL: their key goes, everything else holds.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, createHandler } from '@oort/kernel-decider';
import {
  fileKeyStore,
  openEmbeddedStore,
  openVisible,
  personKeyId,
  type EventStore,
  type RecordedEvent,
} from '@oort/kernel-eventstore';
import { eventLeaf, MerkleLog, verifyInclusion } from '@oort/kernel-merkle';
import { openReadModels, testPostgres, type OpenReadModels } from '@oort/kernel-projection';
import { accountsProjection, findPerson } from '@oort/projections-accounts';
import { billingProjection } from '@oort/projections-billing';
import { eventPrivacy } from '@oort/schema';
import type { AccountCommand } from './commands';
import { accountDecider } from './decide';
import { react } from './react';
import type { AccountsRoom } from './room';

const now = new Date('2026-03-01T00:00:00.000Z');
const [ann, bob] = ['account_ANN', 'account_BOB'];
const profiles = {
  [ann]: { displayName: 'Ann H.', email: 'ann@example.org', legalName: 'Ann Hathaway', country: 'GB' },
  [bob]: { displayName: 'Bob D.', email: 'bob@example.org', legalName: 'Robert Zimmerman', country: 'US' },
};

let directory: string;
let rawStore: EventStore;
let readModels: OpenReadModels;
let closing: () => Promise<void>;
let send: (accountId: string, asked: AccountCommand) => Promise<void>;

const ask = (type: string, data: object): AccountCommand =>
  command(type, data, { actor: 'test', now }) as unknown as AccountCommand;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-forgetting-'));
  const postgres = await testPostgres();
  rawStore = await openEmbeddedStore({ directory: join(directory, 'events') });
  const keys = fileKeyStore(join(directory, 'keys'));
  const store = openVisible(rawStore, { ...eventPrivacy, keys });
  readModels = await openReadModels({
    url: postgres.url,
    projections: [accountsProjection, billingProjection],
    store,
  });
  await readModels.start(new AbortController().signal);
  const handle = createHandler({ store, decider: accountDecider, now: () => now });
  const room = {
    ports: { readModels },
    handle,
    forgetKeys: (accountId: string) => keys.destroy(personKeyId(accountId)),
  } as unknown as AccountsRoom;
  send = async (accountId, asked) => {
    const outcome = await handle(accountId, asked);
    expect(outcome).toMatchObject({ ok: true });
    for await (const event of store.readAll('start', { filter: { types: ['PersonForgotten'] } }))
      await react(event, room);
    await readModels.waitFor('accounts', (await store.head()) ?? 0n);
  };
  closing = async () => {
    await readModels.close();
    await rawStore.close();
    await postgres.stop();
    rmSync(directory, { recursive: true });
  };
  for (const id of [ann, bob]) {
    await send(id, ask('OpenAccount', { accountId: id, address: '0xA', displayName: '0xA' }));
    await send(id, ask('UpdateProfile', profiles[id] ?? {}));
  }
});

afterEach(() => closing());

async function log(): Promise<{ readonly tree: MerkleLog; readonly events: readonly RecordedEvent[] }> {
  const tree = new MerkleLog();
  const events: RecordedEvent[] = [];
  for await (const event of rawStore.readAll('start')) {
    tree.append(eventLeaf(event));
    events.push(event);
  }
  return { tree, events };
}

/** Every byte of every file below. */
function bytesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

const tables = async (): Promise<unknown> => [
  await readModels.database.query('SELECT * FROM accounts.person ORDER BY "accountId"'),
  await readModels.database.query('SELECT * FROM billing.account ORDER BY id'),
];
const secrets = /Ann H|ann@example|Hathaway|Bob D|bob@example|Zimmerman/;

test('no profile stands in the clear in the log', () => {
  expect(bytesIn(join(directory, 'events'))).not.toMatch(secrets);
});

test('every read says redacted, others stay, and the log still verifies', async () => {
  const before = await log();
  await send(ann, ask('ForgetPerson', {}));
  expect(await findPerson(readModels, ann)).toEqual({
    accountId: ann, displayName: 'redacted', email: 'redacted', legalName: 'redacted', country: 'redacted',
    updatedAt: null, forgottenAt: now.toISOString(),
  });
  expect(await findPerson(readModels, bob)).toMatchObject({ accountId: bob, ...profiles[bob], forgottenAt: null });

  const after = await log();
  expect(after.events.slice(0, before.events.length)).toEqual(before.events);
  const index = before.events.findIndex(({ type, stream }) => type === 'ProfileUpdated' && stream.endsWith(ann));
  const leaf = after.events[index];
  if (leaf === undefined) throw new RangeError('the profile is in the log');
  const claim = {
    leaf: eventLeaf(leaf), index, size: after.tree.size, proof: after.tree.proof(index), root: after.tree.root(),
  };
  expect(verifyInclusion(claim)).toBe(true);
  expect(after.tree.root(before.tree.size)).toEqual(before.tree.root());
});

test('read models that are built afterwards are the same as those that lived through it', async () => {
  await send(ann, ask('ForgetPerson', {}));
  const lived = await tables();
  const head = (await rawStore.head()) ?? 0n;
  for (const name of ['accounts', 'billing']) {
    await readModels.rebuild(name);
    await readModels.waitFor(name, head);
  }
  expect(await tables()).toEqual(lived);
  expect(JSON.stringify(lived)).not.toMatch(/Ann H|ann@example|Hathaway/);
});

test('a copy of the log that was made before tells nothing either, because the key was never in it', async () => {
  const backup = join(directory, 'backup');
  cpSync(join(directory, 'events'), backup, { recursive: true, filter: (path) => !path.endsWith('lock') });
  await send(ann, ask('ForgetPerson', {}));
  const restored = await openEmbeddedStore({ directory: backup });
  const keys = fileKeyStore(join(directory, 'keys'));
  const read: unknown[] = [];
  for await (const event of openVisible(restored, { ...eventPrivacy, keys }).readAll('start', { filter: { types: ['ProfileUpdated'] } }))
    read.push(event.data);
  await restored.close();
  expect(read).toEqual([
    { accountId: ann, displayName: 'redacted', email: 'redacted', legalName: 'redacted', country: 'redacted' },
    { accountId: bob, ...profiles[bob] },
  ]);
  const key = (await keys.find(personKeyId(bob))) ?? Buffer.alloc(0);
  expect(key).toHaveLength(32);
  expect(bytesIn(backup)).not.toContain(key.toString('latin1'));
});
