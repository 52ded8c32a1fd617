// What nodes keep and whether they are there stands on their records too, each kind of work by itself.
import type { Act } from './act';

interface Works { readonly trust: number; readonly works: readonly { readonly work: string; readonly passes: number; readonly failures: number }[] }

const query = 'query Works($nodeId: ID!) { nodeHonesty(nodeId: $nodeId) { trust works { work passes failures } } }';

export const otherWork: Act = {
  number: 6, title: 'Nodes that keep what they said, and one that falls silent',
  async run(stage) {
    const { context, agents } = stage;
    const worksOf = async (nodeId: string): Promise<Works> =>
      (await context.graphql<{ readonly nodeHonesty: Works | null }>(query, { nodeId })).nodeHonesty ?? { trust: 0, works: [] };
    const passed = await context.eventually('storage verdicts', async () => {
      const all = await Promise.all([...agents.values()].map(async ({ nodeId }) => (await worksOf(nodeId)).works));
      const stored = all.flatMap((works) => works.filter(({ work }) => work === 'storage'));
      return stored.length === 0 ? null : stored;
    });
    context.check('what nodes keep is challenged, and nobody of them failed', passed.every(({ failures }) => failures === 0), `${passed.length} nodes with a storage record`);
    const silent = stage.agent('super-12');
    const absences = ({ works }: Works): number => works.find(({ work }) => work === 'liveness')?.failures ?? 0;
    const before = await worksOf(silent.nodeId);
    await silent.kill('SIGKILL');
    const after = await context.eventually('the verdict on its silence', async () => {
      const record = await worksOf(silent.nodeId);
      return absences(record) > absences(before) ? record : null;
    }, 120_000);
    context.check('silence is a failure of presence', absences(after) === absences(before) + 1);
    context.check('and none of honesty', after.trust >= before.trust, `trust ${after.trust.toFixed(3)}, before ${before.trust.toFixed(3)}`);
  },
};
