// One node that answers honestly while it searches; nothing it finds is of use to it.
import { join } from 'node:path';
import { search } from './search';
import type { Act } from './act';

const enoughGiven = 120;
const mostJobs = 480;
/** Away from chance: with the numbers of this act, five standard deviations at the most. */
const tellsNothing = 0.25;

export const searcher: Act = {
  number: 4, title: 'A node that searches catalogue, log and chain for every input it is given',
  async run(stage, traffic) {
    const { context } = stage;
    const agent = stage.agent('super-10');
    const file = join(stage.directory, 'inputs-kept');
    await agent.start({ OORT_FAULT: 'inputs-kept', OORT_FAULT_FILE: file });
    const given = (events: Awaited<ReturnType<typeof traffic.feed>>): number => events.filter(({ type, data }) => type === 'ResultCommitted' && data['nodeId'] === agent.nodeId).length;
    const before = given(await traffic.feed());
    await traffic.until('inputs', mostJobs, async () => given(await traffic.feed()) - before >= enoughGiven);
    await context.eventually('the batches to open', async () => {
      const events = await traffic.feed();
      const committed = events.filter(({ type }) => type === 'BatchCommitted').length;
      return committed - events.filter(({ type }) => type === 'BatchOpened').length <= 1;
    });
    const findings = await search(context, file, await traffic.feed());
    context.made('inputs it was given', `${findings.given}, of them ${findings.phantoms} phantoms`);
    context.check('(g) it was given both', findings.phantoms > 0 && findings.phantoms < findings.given);
    context.check('(g) nothing public named any of them before it had committed to its answer', findings.found === 0, `${findings.found} found`);
    context.made('inputs like an earlier one of its own', findings.seenBefore);
    for (const [name, area] of findings.tells) context.check(`(g) ${name}: tells nothing`, Math.abs(area - 0.5) < tellsNothing, `ranks phantoms with ${area.toFixed(2)}; 0.5 is chance`);
  },
};
