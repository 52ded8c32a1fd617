import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterablePlace, knownPlace } from './outside-place';

const somebody = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** A user who may not enter a folder of mode 0700 that is ours. */
const stranger = { uid: 65_533, gid: 65_533 };
const asRoot = process.getuid?.() === 0 ? test : test.skip;

function closedHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'oort-home-'));
  chmodSync(home, 0o700);
  return home;
}

test('a folder that can be entered holds its cluster itself', async () => {
  const home = closedHome();
  expect(await enterablePlace(join(home, 'postgres'), somebody)).toBe(join(home, 'postgres'));
  rmSync(home, { recursive: true });
});

asRoot('a closed folder finds its cluster outside again, and one whose folder was removed is removed', async () => {
  const [home, root] = [closedHome(), mkdtempSync(join(tmpdir(), 'oort-outside-'))];
  const wanted = join(home, 'data', 'postgres');
  const place = await enterablePlace(wanted, stranger, root);
  mkdirSync(join(place, 'cluster'));
  writeFileSync(join(place, 'rows'), 'of the first life');
  expect(await enterablePlace(wanted, stranger, root)).toBe(place);
  expect(knownPlace(wanted, stranger, root)).toBe(place);
  expect(existsSync(join(place, 'rows'))).toBe(true);

  rmSync(join(home, 'data'), { recursive: true });
  expect(knownPlace(wanted, stranger, root)).toBeNull();
  expect(await enterablePlace(wanted, stranger, root)).toBe(place);
  expect(existsSync(join(place, 'rows'))).toBe(false);

  rmSync(join(home, 'data'), { recursive: true });
  await enterablePlace(join(home, 'other', 'postgres'), stranger, root);
  expect(existsSync(place)).toBe(false);
  for (const one of [home, root]) rmSync(one, { recursive: true });
});
