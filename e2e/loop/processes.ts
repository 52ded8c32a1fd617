// The platform and the agents as processes of their own. Each prints one line of JSON once it is ready.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault } from '@oort/kernel-wire';

export class ProcessFailed extends Fault {}

export const cli = join(__dirname, '..', '..', 'cli', 'main.ts');
const running = new Set<ChildProcess>();

/** Ended by endAll, unless it ends before. */
export function track(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => { running.delete(child); });
}

export interface Started<Ready> { readonly ready: Ready; readonly process: ChildProcess }

/** Starts `oort ...` and resolves with its ready line; what else it prints goes to `log`. Throws ProcessFailed. */
export function startProcess<Ready>(
  name: string, commandLine: readonly string[], environment: Readonly<Record<string, string>>, log: string, timeoutMs = 60_000,
): Promise<Started<Ready>> {
  mkdirSync(join(log, '..'), { recursive: true });
  const out = createWriteStream(log, { flags: 'a' });
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', cli, ...commandLine], {
    env: { ...process.env, APOLLO_TELEMETRY_DISABLED: '1', ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  track(child);
  child.stderr.pipe(out, { end: false });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new ProcessFailed('NOT_READY', `${name} was not ready after ${timeoutMs / 1000} s; see ${log}`));
    }, timeoutMs);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new ProcessFailed('ENDED', `${name} ended with ${code ?? signal}; see ${log}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      out.write(`${line}\n`);
      const ready = readyLine<Ready>(line);
      if (ready === null) return;
      clearTimeout(timer);
      resolve({ ready, process: child });
    });
  });
}

function readyLine<Ready>(line: string): Ready | null {
  if (!line.startsWith('{')) return null;
  try {
    const value = JSON.parse(line) as { readonly ready?: boolean };
    return value.ready === true ? value as Ready : null;
  } catch {
    return null;
  }
}

/** Resolves when the process has ended; by force if it does not end by itself. */
export function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM', graceMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => { child.kill('SIGKILL'); }, graceMs);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill(signal);
  });
}

/** Agents first: the platform outlives them, so that none is left calling nobody. */
export async function endAll(): Promise<void> {
  const [platform, ...agents] = running;
  await Promise.all(agents.map((child) => end(child, 'SIGTERM', 3000)));
  if (platform !== undefined) await end(platform, 'SIGTERM');
}

export function leaveRunning(): void {
  for (const child of running) child.unref();
}
