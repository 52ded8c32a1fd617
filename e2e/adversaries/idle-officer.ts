// An officer that commits to every task and injects nothing: its own openings convict it, and anybody's command line says so.
import { execFile } from 'node:child_process';
import { breaksPromise, officerTally } from '@oort/algorithms-honesty';
import { cli } from '../loop/processes';
import type { Urls } from '../loop/step';
import type { Act } from './act';

const mostJobs = 640;

export const idleOfficer: Act = {
  number: 5, title: 'An officer that injects none',
  async run(stage, traffic) {
    const { context } = stage;
    const honest = await counted(context.urls, '-1');
    context.check('(f) until now the officer kept its promise, and what it opened is what the chain holds', honest.held, honest.said);
    await stage.restart({ OORT_OFFICER_FAULT: 'none-injected' });
    const since = (await traffic.feed()).at(-1)?.position ?? '0';
    await traffic.until('the officer to be noticed', mostJobs, async () => breaksPromise(officerTally(await traffic.feed(), BigInt(since))));
    const idle = await counted(context.urls, since);
    context.check('(f) one that injects none is convicted by whoever counts', !idle.held && idle.said.includes('too few phantoms'), idle.said);
  },
};

/** `oort audit officer`, as anybody runs it. */
function counted({ graphql, chain }: Urls, after: string): Promise<{ readonly held: boolean; readonly said: string }> {
  const commandLine = ['--require', 'tsx/cjs', cli, 'audit', 'officer', '--platform', new URL(graphql).origin, '--rpc', chain, `--after=${after}`];
  return new Promise((resolve) => {
    execFile(process.execPath, commandLine, { encoding: 'utf8' }, (error, printed, errors) => {
      resolve({ held: error === null, said: `${printed}${errors}`.trim().replaceAll('\n', '; ') });
    });
  });
}
