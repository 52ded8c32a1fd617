// Who may sign in: a file of names with groups and scrypt hashes, read once at the start. RFC 7914; the cost is that of OWASP's
// Password Storage Cheat Sheet (N = 2^15, r = 8, p = 3), and each user carries its own so that it can rise.
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { codeOf, Fault, messageOf } from '@oort/kernel-wire';

export interface Principal { readonly name: string; readonly groups: readonly string[] }

interface Secret { readonly cost: number; readonly salt: string; readonly hash: string }

export type User = { readonly groups: readonly string[]; readonly scrypt: Secret };

export class UsersRefused extends Fault {
  constructor(message: string) { super('USERS_REFUSED', message); }
}

/** The name or the password is wrong; which of them is not said. */
export class NotAuthenticated extends Fault {
  constructor(message: string) { super('NOT_AUTHENTICATED', message); }
}

/** Too many passwords are being checked at this moment. */
export class TooManySignIns extends Fault {
  constructor() { super('TOO_MANY_SIGN_INS', 'too many sign-ins at once'); }
}

export const usualCost = 2 ** 15;
const costs = { least: 2 ** 4, most: 2 ** 20 };
const blockSize = 8;
const parallel = 3;
const hashBytes = 32;
const saltBytes = 16;
/** Hashing takes a thread of a few, and the store needs them too. */
const mostWaiting = 64;
const mostKnown = 1024;

/** Those who can sign in. A password that was right is remembered as a keyed hash in memory, so that only the first call pays for scrypt. */
export class Users {
  readonly #users: ReadonlyMap<string, User>;
  readonly #known = new Map<string, Principal>();
  readonly #checking = new Map<string, Promise<Principal>>();
  readonly #pepper = randomBytes(hashBytes);
  /** One after another: whoever guesses passwords keeps one thread busy, not all. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(users: ReadonlyMap<string, User>) { this.#users = users; }

  /** Of the header's text, `Basic <base64 of name:password>` (RFC 7617). Throws NotAuthenticated, TooManySignIns. */
  signIn(authorization: string): Principal | Promise<Principal> {
    const key = createHmac('sha256', this.#pepper).update(authorization).digest('base64');
    const known = this.#known.get(key) ?? this.#checking.get(key);
    if (known !== undefined) return known;
    if (this.#checking.size >= mostWaiting) throw new TooManySignIns();
    const checked = this.#turn.then(() => this.#check(authorization));
    this.#turn = checked.catch(() => undefined);
    this.#checking.set(key, checked);
    return checked.then((principal) => {
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(key, principal);
      return principal;
    }).finally(() => { this.#checking.delete(key); });
  }

  async #check(authorization: string): Promise<Principal> {
    const [, encoded] = /^basic +([a-z0-9+/=]+) *$/i.exec(authorization) ?? [];
    const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
    if (name === undefined || password === undefined) throw new NotAuthenticated('credentials are Basic: name and password');
    const user = this.#users.get(name);
    // A name that nobody has takes as long as one that somebody has.
    const secret = user?.scrypt ?? { cost: this.#usualCost(), salt: '', hash: '' };
    const hash = await hashOf(password, Buffer.from(secret.salt, 'base64'), secret.cost);
    const wanted = Buffer.from(secret.hash, 'base64');
    if (user === undefined || wanted.length !== hash.length || !timingSafeEqual(wanted, hash)) throw new NotAuthenticated('wrong user name or password');
    return { name, groups: user.groups };
  }

  #usualCost(): number {
    return [...this.#users.values()][0]?.scrypt.cost ?? usualCost;
  }
}

/** Throws UsersRefused. */
export function readUsers(file: string): ReadonlyMap<string, User> {
  try {
    return usersOf(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw error instanceof UsersRefused ? new UsersRefused(`${file}: ${error.message}`) : new UsersRefused(`${file} cannot be read: ${messageOf(error)}`);
  }
}

/** A name that is there gets the new password and groups. The file is replaced as a whole, and only its owner can read it.
 *  Throws UsersRefused. */
export async function writeUser(
  file: string, { name, groups }: Principal, password: string, cost = usualCost,
): Promise<void> {
  mustBeName(name);
  if (password === '') throw new UsersRefused('the password is empty');
  const before = existing(file);
  const salt = randomBytes(saltBytes);
  const hash = await hashOf(password, salt, cost);
  const user: User = { groups: [...groups], scrypt: { cost, salt: salt.toString('base64'), hash: hash.toString('base64') } };
  const users = Object.fromEntries(new Map([...before, [name, user]]));
  const half = `${file}.${process.pid}.new`;
  writeFileSync(half, `${JSON.stringify(users, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(half, file);
}

function existing(file: string): ReadonlyMap<string, User> {
  try {
    readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map();
  }
  return readUsers(file);
}

function usersOf(parsed: unknown): ReadonlyMap<string, User> {
  if (!isObject(parsed)) throw new UsersRefused('users are an object by name');
  return new Map(Object.entries(parsed).map(([name, user]) => {
    mustBeName(name);
    if (!isUser(user)) throw new UsersRefused(`user ${name} lacks groups or scrypt {cost, salt, hash}`);
    return [name, user];
  }));
}

/** `$` is for groups, which access control lists name beside users; a colon ends the name in the header. */
function mustBeName(name: string): void {
  if (!/^[^$:\p{Cc}][^:\p{Cc}]{0,99}$/u.test(name)) throw new UsersRefused(`not a user name: ${JSON.stringify(name)}; it has no colon and does not begin with $`);
}

function isUser(user: unknown): user is User {
  if (!isObject(user) || !Array.isArray(user['groups']) || !user['groups'].every((group) => typeof group === 'string')) return false;
  const secret = user['scrypt'];
  return isObject(secret) && typeof secret['salt'] === 'string' && typeof secret['hash'] === 'string' && secret['hash'] !== ''
    && typeof secret['cost'] === 'number' && Number.isInteger(Math.log2(secret['cost'])) && secret['cost'] >= costs.least && secret['cost'] <= costs.most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashOf(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  // 128 N r bytes and as much again for what stands beside them.
  const options = { N: cost, r: blockSize, p: parallel, maxmem: 256 * blockSize * (cost + parallel) };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hashBytes, options, (error, hash) => { if (error === null) resolve(hash); else reject(error); });
  });
}
