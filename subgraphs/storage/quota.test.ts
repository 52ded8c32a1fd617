// Quotas under any order of writers, deletions and of other doors: what a door lets through is never more than the quota by its own doing,
// and nothing is refused that had room.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { accountQuotasFrom } from './account-quotas';
import { QuotaBooks, QuotaExceeded, type Limited, type Reservation } from './quota';
import { storageResolvers, type StorageRoom } from './resolvers';

const act = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), bytes: fc.integer({ min: 0, max: 40 }), more: fc.integer({ min: 0, max: 20 }), keeps: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const) }),
);

test('writers at the same time stay within, whatever ends how', async () => {
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 30 }), fc.infiniteStream(fc.nat({ max: 3 })), async (acts, turns) => {
    const kept: number[] = [];
    const limited: Limited = {
      scope: { bucket: 'b' }, quota: { bytes: 100, objects: 4 },
      usage: async () => {
        const now = { bytes: kept.reduce((sum, size) => sum + size, 0), versions: kept.length };
        await wait(turns.next().value);
        return now;
      },
    };
    const books = new QuotaBooks();
    await Promise.all(acts.map(async (each) => {
      await wait(turns.next().value);
      if (each.kind === 'delete') return void kept.shift();
      const reservation = books.reserve([limited], 1);
      let isKept = false;
      try {
        await reservation.raiseTo(each.bytes);
        await reservation.raiseTo(each.bytes + each.more);
        await wait(turns.next().value);
        isKept = each.keeps;
        if (isKept) kept.push(each.bytes + each.more);
      } catch (error) {
        expect(error).toBeInstanceOf(QuotaExceeded);
      } finally {
        reservation.end(isKept);
      }
      expect(kept.length).toBeLessThanOrEqual(4);
      expect(kept.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100);
    }));
    // Nobody is under way: what the catalogue shows is all that counts.
    const [bytes, objects] = [100 - kept.reduce((sum, size) => sum + size, 0), kept.length];
    expect(await fits(books.reserve([limited], 4 - objects), bytes)).toBe(true);
    expect(await fits(books.reserve([limited], 4 - objects), bytes + 1)).toBe(false);
    expect(await fits(books.reserve([limited], 5 - objects), bytes)).toBe(false);
  }), { numRuns: 200 });
});

async function wait(turns: number): Promise<void> { for (let turn = 0; turn < turns; turn += 1) await Promise.resolve(); }

async function fits(reservation: Reservation, bytes: number): Promise<boolean> {
  const done = await reservation.raiseTo(bytes).then(() => true, () => false);
  reservation.end(false);
  return done;
}

test('quotas of accounts come from a file, and a bad one ends the start with its reason', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quotas-'));
  const path = join(directory, 'quotas.json');
  const read = (text: string) => {
    writeFileSync(path, text);
    return accountQuotasFrom({ OORT_ACCOUNT_QUOTAS: path }).accountQuotas;
  };
  try {
    const quotas = read('{"default":{"bytes":10,"objects":2},"accounts":{"account_1":{"bytes":20},"account_2":{}}}');
    expect(['account_1', 'account_2', 'account_3'].map((id) => quotas?.(id))).toEqual([{ bytes: 20 }, null, { bytes: 10, objects: 2 }]);
    expect(read('{}')?.('account_1')).toBeNull();
    expect(accountQuotasFrom({})).toEqual({});
    for (const bad of ['', '[]', '{"all":{}}', '{"default":{"bytes":-1}}', '{"default":{"bytes":"1"}}', '{"default":{"files":1}}', '{"accounts":{"a":1}}']) {
      expect(() => read(bad)).toThrow(/cannot be used as quotas of accounts/);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('quotas follow their file while the platform runs; a bad one changes nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quotas-'));
  const path = join(directory, 'quotas.json');
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    writeFileSync(path, '{"default":{"bytes":10}}');
    const { accountQuotas } = accountQuotasFrom({ OORT_ACCOUNT_QUOTAS: path });
    const shown = (): unknown => accountQuotas?.('account_1');
    expect(shown()).toEqual({ bytes: 10 });
    writeFileSync(path, '{"default":');
    while (warned.mock.calls.length === 0) {
      expect(shown()).toEqual({ bytes: 10 });
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    writeFileSync(path, '{"default":{"bytes":30}}');
    while (JSON.stringify(shown()) !== '{"bytes":30}') await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(warned.mock.calls).toEqual([[expect.stringMatching(/cannot be used as quotas of accounts: .*; the quotas stay as they were/)]]);
  } finally {
    warned.mockRestore();
    rmSync(directory, { recursive: true });
  }
});

test('the graph sets both limits of a bucket, and shows an account what it has and may have', async () => {
  const set: unknown[] = [];
  const objects = {
    setBucketSetting: (...given: readonly unknown[]) => {
      set.push(given);
      return Promise.resolve({ ok: false, refusal: { code: 'NO_SUCH_BUCKET', message: '' } });
    },
    usageOfAccount: () => Promise.resolve({ bytes: 7, versions: 2 }), accountQuota: () => ({ objects: 9 }),
  };
  const { Query, Mutation } = storageResolvers({ objects } as unknown as StorageRoom) as unknown as Readonly<Record<'Query' | 'Mutation', Readonly<Record<string, (...given: readonly unknown[]) => Promise<unknown>>>>>;
  const context = { actor: { kind: 'account', accountId: 'account_1' } };
  const limit = (quotaBytes: string | null, quotaObjects: string | null) => Mutation['setBucketQuota']?.(null, { input: { bucket: 'b', quotaBytes, quotaObjects } }, context);
  for (const [bytes, versions] of [['5', '3'], [null, '3'], [null, null]] as const) expect(await limit(bytes, versions)).toMatchObject({ code: 'NO_SUCH_BUCKET' });
  expect(await limit('5', '-1')).toMatchObject({ code: 'BAD_QUOTA' });
  expect(await limit('5', '9999999999999999')).toMatchObject({ code: 'BAD_QUOTA' });
  expect(set).toEqual(['{"bytes":5,"objects":3}', '{"objects":3}', null].map((document) => ['account_1', 'b', 'quota', document]));
  expect(await Query['storageUsage']?.(null, {}, context)).toEqual({ usedBytes: '7', versions: 2, quotaBytes: null, quotaObjects: '9' });
  expect(await Query['storageUsage']?.(null, {}, { actor: { kind: 'anonymous' } })).toBeNull();
});
