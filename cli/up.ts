// `oort up`: the platform until Ctrl-C, in one process or in many.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '@oort/kernel-wire';
import { fleetOf, startFleet } from './fleet';
import { choosePorts } from './ports';
import type { Addresses, PlatformOptions, RunningPlatform } from './running-platform';
import { readOptions, UsageRefused } from './usage';

const triedBytes = 256 * 1024;

export async function up(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, agents: { type: 'string', default: '' }, json: { type: 'boolean', default: false }, topology: { type: 'string', default: 'process' } });
  const fleet = fleetOf(values.agents);
  const open = topologyOf(values.topology);
  const directory = resolve(values.data);
  const { asked, stop } = stopAsked();
  const tell = (line: string): void => {
    if (!values.json) process.stdout.write(`${line}\n`);
  };
  const onEnd = (reason: Error): void => {
    process.stderr.write(`oort: ${reason.message}\n`);
    process.exitCode = 1;
    stop();
  };
  // A busy one ends the start before anything is made.
  await choosePorts(process.env);
  mkdirSync(directory, { recursive: true });
  tryToWrite(join(directory, `.try-${process.pid}`));
  const platform = await open({ directory, tell, onEnd });
  const { addresses } = platform;
  process.stdout.write(values.json ? `${JSON.stringify({ ready: true, ...addresses })}\n` : told(addresses, directory));
  const agents = await startFleet(fleet, addresses, join(directory, 'agents'), tell);
  await asked;
  await agents.close();
  await platform.close();
}

/** Loaded when asked for: a supervisor needs no domain. Throws UsageRefused. */
function topologyOf(name: string): (options: PlatformOptions) => Promise<RunningPlatform> {
  switch (name) {
    case 'process': return (require('./in-process') as typeof import('./in-process')).openPlatform;
    case 'services': return (require('./topology/supervisor') as typeof import('./topology/supervisor')).openServices;
    default: throw new UsageRefused(`--topology is process or services, not "${name}"`);
  }
}

/** Before LMDB, which tells of a full disk on stderr in words of its own. Throws EACCES, ENOSPC. */
function tryToWrite(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(triedBytes));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Ctrl-C once ends in order; twice ends at once, which loses nothing either. */
function stopAsked(): { readonly asked: Promise<void>; stop(): void } {
  let stop = (): void => undefined;
  const asked = new Promise<void>((done) => { stop = done; });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => { process.exit(130); });
      stop();
    });
  }
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(`oort: ${messageOf(reason)}\n${reason instanceof Error ? reason.stack ?? '' : ''}\n`);
    process.exit(1);
  });
  return { asked, stop: () => { stop(); } };
}

function told({ graphql, graphqlWebSocket, s3, ingest, chain }: Addresses, directory: string): string {
  return `
  GraphQL        ${graphql}   (GraphiQL: ${new URL('/', graphql).href})
  subscriptions  ${graphqlWebSocket}
  S3             ${s3}
  ingest         ${ingest}
  chain JSON-RPC ${chain}
  data           ${directory}

Ctrl-C ends it; starting again goes on from here.
`;
}
