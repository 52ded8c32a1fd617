// As root PostgreSQL runs as another user. Where that user cannot enter the data folder, the cluster lies in /var/tmp, and a file
// in the data folder says which is its own. So a cluster whose data folder was removed or restored without it is nobody's: it is
// removed at the next start, and never read as if it were the new folder's.
import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sha256Hex } from '@oort/kernel-wire';
import { canEnter, outside, type ClusterUser } from './cluster-user';
import { runningIn, shutDown } from './postmaster';

/** In the data folder the text of the place and its mark; in the place, who it belongs to and the same mark. */
const inside = 'elsewhere.json';
const owner = 'belongs-to.json';

interface Mark { readonly path: string; readonly mark: string }

/** The directory itself, or one outside the closed home it lies in. */
export async function enterablePlace(directory: string, user: ClusterUser | null, root = outside): Promise<string> {
  const wanted = resolve(directory);
  if (user === null || canEnter(dirname(wanted), user)) return owned(wanted, user);
  await removeOrphans(root);
  const place = outsideOf(wanted, root);
  if (isOwn(wanted, place)) return place;
  if (!isOlder(dirname(wanted), place)) await remove(place);
  const mark = randomUUID();
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  owned(place, user);
  writeFileSync(join(place, owner), JSON.stringify({ path: wanted, mark } satisfies Mark));
  writeFileSync(join(wanted, inside), JSON.stringify({ path: place, mark } satisfies Mark));
  return place;
}

/** Where its cluster lies, if it has one. */
export function knownPlace(directory: string, user: ClusterUser | null, root = outside): string | null {
  const wanted = resolve(directory);
  const place = user === null || canEnter(dirname(wanted), user) ? wanted : outsideOf(wanted, root);
  return existsSync(join(place, 'cluster')) && (place === wanted || isOwn(wanted, place)) ? place : null;
}

function outsideOf(wanted: string, root: string): string {
  return join(root, `oort-postgres-${sha256Hex(wanted).slice(0, 16)}`);
}

function owned(place: string, user: ClusterUser | null): string {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  if (user !== null) chownSync(place, user.uid, user.gid);
  return place;
}

function isOwn(wanted: string, place: string): boolean {
  const [there, here] = [readMark(join(wanted, inside)), readMark(join(place, owner))];
  return there !== null && there.mark === here?.mark && there.path === place;
}

/** Clusters outside whose data folder does not know them (any more). */
async function removeOrphans(root: string): Promise<void> {
  for (const name of readdirSync(root).filter((entry) => /^oort-postgres-[0-9a-f]{16}$/.test(entry))) {
    const place = join(root, name);
    const mark = readMark(join(place, owner));
    if (mark !== null && isOwn(mark.path, place)) continue;
    // Without a mark it may be an earlier version's of this platform, at work for a folder that is not ours.
    if (mark === null && runningIn(join(place, 'cluster')) !== null) continue;
    await remove(place);
  }
}

async function remove(place: string): Promise<void> {
  const running = runningIn(join(place, 'cluster'));
  if (running !== null) await shutDown(running.pid);
  rmSync(place, { recursive: true, force: true });
}

/** A place without marks, from before there were any, is the folder's own when the folder was there first. */
function isOlder(folder: string, place: string): boolean {
  if (!existsSync(folder) || !existsSync(place) || existsSync(join(place, owner))) return false;
  return statSync(folder).birthtimeMs <= statSync(place).birthtimeMs;
}

function readMark(file: string): Mark | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Mark;
  } catch {
    return null;
  }
}
