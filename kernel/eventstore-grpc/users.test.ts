import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readUsers, Users, writeUser } from './users';

const directory = mkdtempSync(join(tmpdir(), 'oort-users-'));
const file = join(directory, 'users.json');
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

beforeAll(() => writeUser(file, { name: 'zoë', groups: ['a'] }, 'pass:wörd', 16));
afterAll(() => { rmSync(directory, { recursive: true }); });

test('a password may hold colons and any letters; one that was right is known at once from then on', async () => {
  const users = new Users(readUsers(file));
  const first = users.signIn(basic('zoë:pass:wörd'));
  expect(first).toBeInstanceOf(Promise);
  expect(await first).toEqual({ name: 'zoë', groups: ['a'] });
  expect(users.signIn(basic('zoë:pass:wörd'))).toEqual({ name: 'zoë', groups: ['a'] });
});

test.each(['', 'Basic', 'basic ', 'Bearer x', basic('zoë'), basic('zoë:'), basic(':pass:wörd'), basic('zoë:pass'), basic('__proto__:x')])('%j is not let in', async (header) => {
  await expect(new Users(readUsers(file)).signIn(header)).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
});

test('many calls with one password are checked once; of too many guesses at once the rest are turned away, and later calls are let in', async () => {
  const users = new Users(readUsers(file));
  const same = Array.from({ length: 500 }, async () => users.signIn(basic('zoë:pass:wörd')));
  expect(await Promise.all(same)).toHaveLength(500);
  const codes = await Promise.all(Array.from({ length: 200 }, async (_, n) => {
    try {
      return (await users.signIn(basic(`zoë:guess ${n}`))).name;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }));
  expect(new Set(codes)).toEqual(new Set(['NOT_AUTHENTICATED', 'TOO_MANY_SIGN_INS']));
  expect(codes.filter((code) => code === 'NOT_AUTHENTICATED')).toHaveLength(64);
  expect(await users.signIn(basic('zoë:pass:wörd'))).toMatchObject({ name: 'zoë' });
});
