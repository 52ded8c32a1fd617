// PostgreSQL refuses to run as root. As root it runs as `postgres`, or `nobody` where there is none, and everything on
// the way to its files must be enterable by that user.
import {
  chmodSync, chownSync, cpSync, existsSync, lchownSync, readdirSync, readFileSync, renameSync, rmSync, statSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

export interface ClusterUser { readonly uid: number; readonly gid: number }

/** Null: the process's own user will do. */
export function clusterUser(): ClusterUser | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}

export const outside = '/var/tmp';

/** The binaries where they are, or a copy where the user can run them. */
export function enterableBinaries(native: string, version: string, user: ClusterUser | null): string {
  if (user === null || canEnter(native, user)) return native;
  const copy = join(outside, `oort-postgres-${version}`);
  if (existsSync(copy)) return copy;
  const aside = `${copy}-${randomUUID()}`;
  cpSync(native, aside, { recursive: true, verbatimSymlinks: true });
  chmodSync(aside, 0o755);
  try {
    renameSync(aside, copy);
  } catch {
    rmSync(aside, { recursive: true });
  }
  return copy;
}

export function canEnter(directory: string, user: ClusterUser): boolean {
  const parent = dirname(directory);
  if (parent !== directory && !canEnter(parent, user)) return false;
  if (!existsSync(directory)) return true;
  const { mode, uid, gid } = statSync(directory);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}

/** Gives a copied tree to the user. */
export function chownTree(directory: string, user: ClusterUser): void {
  chownSync(directory, user.uid, user.gid);
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(directory, entry), user.uid, user.gid);
  }
}
