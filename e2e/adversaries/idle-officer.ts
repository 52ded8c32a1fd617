// An officer that commits to every task and injects nothing: its own openings convict it.
import { breaksPromise, chanceOfSoFew } from '@oort/algorithms-honesty';
import type { Act } from './act';
import { againstChain, tallyOf } from './officer';

const mostJobs = 640;

export const idleOfficer: Act = {
  number: 5, title: 'An officer that injects none',
  async run(stage, traffic) {
    const { context } = stage;
    const honest = tallyOf(await traffic.feed(), -1n);
    context.check('(f) until now the officer kept its promise', !breaksPromise(honest), told(honest));
    await stage.restart({ OORT_OFFICER_FAULT: 'none-injected' });
    const since = BigInt((await traffic.feed()).at(-1)?.position ?? 0);
    const noticed = await traffic.until('the officer to be noticed', mostJobs, async () => breaksPromise(tallyOf(await traffic.feed(), since)));
    const events = await traffic.feed();
    const idle = tallyOf(events, since);
    context.check('(f) one that injects none is noticed by whoever counts', noticed, `${told(idle)}, a chance of ${chanceOfSoFew(idle).toExponential(1)}`);
    const { kept, broken } = await context.eventually('the roots on chain', async () => {
      const compared = await againstChain(context, events);
      return compared.kept > 0 ? compared : null;
    });
    context.check('(f) what it opened is what the chain holds', broken === 0, `${kept} batches have the root that was committed before`);
  },
};

function told({ tasks, phantoms, owed }: ReturnType<typeof tallyOf>): string {
  return `${phantoms} phantoms in ${tasks} opened tasks, ${owed.toFixed(1)} owed`;
}
