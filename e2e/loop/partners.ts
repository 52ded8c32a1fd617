// The partner as a child process: started at boot, killed once on the way, started again by the last step.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopContext } from './step';
import { end, track } from './processes';

let partner: ChildProcess | null = null;

export const partnerDirectory = (context: LoopContext): string => join(context.directory, 'partner');

export function startPartner(context: LoopContext): Promise<void> {
  const directory = partnerDirectory(context);
  mkdirSync(directory, { recursive: true });
  const log = createWriteStream(join(context.directory, 'logs', 'partner.log'), { flags: 'a' });
  partner = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'partner.ts'), context.urls.graphql, context.urls.graphqlWebSocket, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  partner.stdout?.pipe(log, { end: false });
  partner.stderr?.pipe(log, { end: false });
  track(partner);
  return Promise.resolve();
}

export async function killPartner(): Promise<void> {
  if (partner !== null) await end(partner, 'SIGKILL');
}
