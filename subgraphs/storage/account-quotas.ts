// What accounts may hold, as the platform's keeper says it in a file, which may change: for all, and for some otherwise.
//   { "default": { "bytes": 1000000000000, "objects": 1000000 }, "accounts": { "account_…": { "bytes": 5000000000000 }, "account_…": {} } }
import { readFileSync, statSync } from 'node:fs';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { Quota } from './quota';

/** The file that OORT_ACCOUNT_QUOTAS names cannot be used as it is. */
export class AccountQuotasUnusable extends Fault {
  constructor(path: string, why: string) { super('ACCOUNT_QUOTAS_UNUSABLE', `${path} cannot be used as quotas of accounts: ${why}`); }
}

export type AccountQuotas = (accountId: string) => Quota | null;

/** Throws AccountQuotasUnusable. */
export function accountQuotasFrom(environment: NodeJS.ProcessEnv): { readonly accountQuotas?: AccountQuotas } {
  const path = environment['OORT_ACCOUNT_QUOTAS'] ?? '';
  if (path === '') return {};
  return { accountQuotas: followed(path, readQuotas(path)) };
}

const lookMs = 1_000;

/** As the file says it now, looked at once a second; one that cannot be used changes nothing and is warned of once. */
function followed(path: string, first: AccountQuotas): AccountQuotas {
  let [current, seen, lookedAt] = [first, stampOf(path), performance.now()];
  return (accountId) => {
    if (performance.now() - lookedAt >= lookMs) {
      lookedAt = performance.now();
      const stamp = stampOf(path);
      if (stamp !== seen) {
        seen = stamp;
        try {
          current = readQuotas(path);
        } catch (error) {
          process.emitWarning(`${messageOf(error)}; the quotas stay as they were`);
        }
      }
    }
    return current(accountId);
  };
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino}/${stats.size}/${stats.mtimeMs}`;
}

function readQuotas(path: string): AccountQuotas {
  const refused = (why: string): AccountQuotasUnusable => new AccountQuotasUnusable(path, why);
  const whole = fieldsOf(read(path, refused), 'the file', ['default', 'accounts'], refused);
  const ofAll = whole['default'] === undefined ? null : quotaOf(whole['default'], 'default', refused);
  const accounts = new Map(Object.entries(fieldsOf(whole['accounts'] ?? {}, 'accounts', null, refused)).map(([id, quota]) => [id, quotaOf(quota, id, refused)]));
  return (accountId) => (accounts.has(accountId) ? accounts.get(accountId) ?? null : ofAll);
}

type Refused = (why: string) => AccountQuotasUnusable;

function read(path: string, refused: Refused): unknown {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return parsed;
  } catch (error) {
    throw refused(messageOf(error));
  }
}

/** An empty one is none. */
function quotaOf(value: unknown, name: string, refused: Refused): Quota | null {
  const { bytes, objects } = fieldsOf(value, name, ['bytes', 'objects'], refused);
  for (const amount of [bytes, objects]) if (amount !== undefined && !isAmount(amount)) throw refused(`${name}: amounts are whole numbers from 0 on`);
  if (bytes === undefined && objects === undefined) return null;
  return { ...(isAmount(bytes) ? { bytes } : {}), ...(isAmount(objects) ? { objects } : {}) };
}

function isAmount(value: unknown): value is number { return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0; }

function fieldsOf(value: unknown, what: string, known: readonly string[] | null, refused: Refused): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${what} is no object`);
  const unknown = Object.keys(value).find((name) => known?.includes(name) === false);
  if (unknown !== undefined) throw refused(`${what} has no field ${unknown}`);
  return { ...value };
}
