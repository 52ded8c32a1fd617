// `oort up` run to its end, or up to its ready line, with everything that a person at the terminal would see.
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, track } from '../loop/processes';

export interface Ended { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string }

export interface Run {
  readonly child: ChildProcess;
  /** Its ready line; null when it ended before. */
  readonly ready: Promise<Readonly<Record<string, unknown>> | null>;
  readonly ended: Promise<Ended>;
}

export interface RunOptions { readonly environment?: Readonly<Record<string, string>>; readonly uid?: number }

const anyPorts = { OORT_GRAPHQL_PORT: '0', OORT_S3_PORT: '0', OORT_INGEST_PORT: '0', OORT_CHAIN_PORT: '0' };
const onlyOneLine = /^[^\n]+\n$/;

export function oort(commandLine: readonly string[], { environment = {}, uid }: RunOptions = {}): Run {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', cli, ...commandLine], {
    cwd: join(cli, '..', '..'), env: { ...process.env, ...anyPorts, ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  track(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const ended = new Promise<Ended>((resolve) => { child.once('close', (code, signal) => { resolve({ code, signal, stdout, stderr }); }); });
  const ready = new Promise<Readonly<Record<string, unknown>> | null>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const line = stdout.split('\n').find((one) => one.startsWith('{"ready":true'));
      if (line?.endsWith('}') === true) resolve(JSON.parse(line) as Readonly<Record<string, unknown>>);
    });
    void ended.then(() => { resolve(null); });
  });
  return { child, ready, ended };
}

/** What a start that cannot go on must look like: a code other than 0, one line that names the cause, and no stack. */
export function expectRefused({ code, stderr, stdout }: Ended, cause: RegExp): void {
  expect(stderr).toMatch(cause);
  expect(stderr).toMatch(onlyOneLine);
  expect(stderr).toMatch(/^oort: /);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
  expect(code).toBeGreaterThan(0);
  expect(stdout).toBe('');
}

/** Processes whose command line names the directory. */
export function processesOf(directory: string): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}
