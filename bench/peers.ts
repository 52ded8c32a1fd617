// Peers are not dependencies of the product: they are installed beside the benchmarks by the first run that needs them.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The peer's module, or null (with a line on stderr) where it cannot be had. Peers that want different versions lie in different places. */
export function peerModule<T>(name: string, place: 'peers' | 'peers/sqlite' | 'peers/s3' = 'peers'): T | null {
  const folder = join(__dirname, place);
  try {
    installPeers(place);
    return createRequire(join(folder, 'package.json'))(name) as T;
  } catch (error) {
    process.stderr.write(`without ${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
    return null;
  }
}

/** Throws where npm cannot. Not `npm ci`: it refuses a lock that lacks another platform's optional package, as those of a registry that has only this one do. */
export function installPeers(place: string): void {
  const folder = join(__dirname, place);
  if (existsSync(join(folder, 'node_modules'))) return;
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
}
