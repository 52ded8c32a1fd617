// Nodes that cheat: each restarted with a documented fault, and told to nobody. Then work goes on until the chain has slashed them all.
import { Contract } from 'ethers';
import { provesFraud, type FraudProof } from '@oort/algorithms-honesty';
import { verifySignature } from '@oort/kernel-identity';
import { contractAbis } from '@oort/schema';
import type { AgentProcess } from '../loop/step';
import type { Act } from './act';
import type { Stage } from './stage';
import type { Case, FeedEvent, Traffic } from './traffic';

const mostJobs = 640;
const settleMs = 300_000;

export function cheats(leakFile: string): readonly Act[] {
  return [
    {
      number: 2, title: 'Nodes that know phantoms by a leak, or think they do; that copy, replay and withhold',
      async run(stage, traffic) {
        const seeing = ['super-1', 'super-2', 'super-3', 'super-11'].map((name) => stage.agent(name));
        const [blind, copier, replayer, silent] = [stage.agent('super-4'), stage.agent('super-5'), stage.agent('super-6'), stage.agent('super-7')];
        for (const agent of seeing) await agent.start({ OORT_FAULT: 'phantoms-known', OORT_FAULT_FILE: leakFile });
        await blind.start({ OORT_FAULT: 'phantoms-known', OORT_FAULT_FILE: `${leakFile}.that-it-has-not` });
        await copier.start({ OORT_FAULT: 'commitment-copied' });
        await replayer.start({ OORT_FAULT: 'signature-replayed' });
        await silent.start({ OORT_FAULT: 'reveal-withheld' });
        const all = [...seeing, blind, copier, replayer, silent];
        await caught(stage, traffic, all);
        const events = await traffic.feed();
        await checkSeeing(stage, traffic, seeing, events);
        await checkBlind(stage, traffic, blind);
        checkCopier(stage, copier, events);
        const refused = events.filter(({ type, data }) => type === 'SignatureRefused' && data['nodeId'] === replayer.nodeId).length;
        stage.context.check('(e) a signature of an earlier answer is refused, and counts', refused > 0, `${refused} refused, none of them paid`);
        const missed = events.filter(({ type, data }) => type === 'RevealMissed' && data['nodeId'] === silent.nodeId).length;
        stage.context.check('(d) a withheld answer is told, and counts', missed > 0, `${missed} missed`);
        await slashed(stage, traffic, all);
      },
    },
    {
      number: 3, title: 'Two nodes that collude on the same wrong answer',
      async run(stage, traffic) {
        const pair = [stage.agent('super-8'), stage.agent('super-9')];
        // Honest company: those who knew phantoms are out, and their places are taken by nodes that were honest all along.
        for (const agent of pair) await agent.start({ OORT_FAULT: 'colluding-inference' });
        await caught(stage, traffic, pair);
        for (const agent of pair) {
          const { phantomFailures, replicaPasses, replicaFailures } = await traffic.honesty(agent.nodeId);
          stage.context.check(`(b) ${agent.name} fails where its friend is not`, phantomFailures + replicaFailures > 0,
            `${phantomFailures} phantoms and ${replicaFailures} comparisons failed; ${replicaPasses} passed, before or by agreeing`);
        }
        await slashed(stage, traffic, pair);
      },
    },
  ];
}

async function caught({ context }: Stage, traffic: Traffic, all: readonly AgentProcess[]): Promise<void> {
  const before = traffic.asked;
  const free = new Set(all.map(({ nodeId }) => nodeId));
  const held = await traffic.until('cases', mostJobs, async () => {
    for (const nodeId of free) if ((await traffic.cases(nodeId)).length > 0) free.delete(nodeId);
    return free.size === 0;
  });
  const names = all.filter(({ nodeId }) => free.has(nodeId)).map(({ name }) => name).join(', ');
  context.check('each has a case', held, held ? `${traffic.asked - before} jobs asked` : `not ${names}`);
}

/** The stake of each fell on chain, by what the case says. */
async function slashed({ context }: Stage, traffic: Traffic, all: readonly AgentProcess[]): Promise<void> {
  const { StakingPools: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const pools = new Contract(address, contractAbis.StakingPools, context.chain);
  for (const { name, nodeId, operator } of all) {
    const settled: Case = await context.eventually(`the slash of ${name}`, async () => (await traffic.cases(nodeId)).find(({ status }) => status === 'settled') ?? null, settleMs);
    const receipt = await context.chain.getTransactionReceipt(settled.txHash ?? '');
    const logs = (receipt?.logs ?? []).flatMap((log) => pools.interface.parseLog(log) ?? []).filter((log) => log.name === 'Slashed');
    const onChain = logs.some(({ args }) => String(args['amount']) === settled.amountWei && JSON.stringify(args.toArray().map(String)).toLowerCase().includes(operator.address.toLowerCase()));
    context.check(`${name} is slashed on chain`, onChain, `${settled.amountWei} wei in ${settled.txHash}`);
  }
}

async function checkSeeing({ context }: Stage, traffic: Traffic, seeing: readonly AgentProcess[], events: readonly FeedEvent[]): Promise<void> {
  const records = await Promise.all(seeing.map(({ nodeId }) => traffic.honesty(nodeId)));
  const sum = (of: 'phantomPasses' | 'phantomFailures' | 'replicaFailures'): number => records.reduce((total, record) => total + record[of], 0);
  context.check('(a) with a leak it passes every phantom and fails where it is compared', sum('phantomFailures') === 0 && sum('replicaFailures') > 0,
    `${sum('phantomPasses')} phantoms passed, ${sum('phantomFailures')} failed; ${sum('replicaFailures')} comparisons failed`);
  const alarm = events.find(({ type }) => type === 'LeakSuspected');
  context.check('(a) the leak is seen', alarm?.data['leak'] === 'phantoms-recognised', `a gap of ${Number(alarm?.data['gap'] ?? 0).toFixed(1)} standard deviations`);
}

async function checkBlind({ context }: Stage, traffic: Traffic, { nodeId }: AgentProcess): Promise<void> {
  const { phantomPasses, phantomFailures } = await traffic.honesty(nodeId);
  context.check('(a) without the leak it fails phantoms like any other cheat', phantomFailures > 0, `${phantomFailures} phantoms failed, ${phantomPasses} passed, before it began`);
}

function checkCopier({ context }: Stage, { nodeId }: AgentProcess, events: readonly FeedEvent[]): void {
  const frauds = events.filter(({ type, data }) => type === 'FraudProved' && data['nodeId'] === nodeId);
  const proved = frauds.filter(({ data }) => provesFraud({ kind: data['fraud'], nodeKey: data['nodeKey'], first: data['first'], second: data['second'] } as FraudProof, verifySignature));
  const copied = frauds.filter(({ data }) => {
    const { commitment } = JSON.parse((data['first'] as { readonly statement: string }).statement) as { readonly commitment: string };
    return events.some((event) => event.type === 'ResultCommitted' && event.data['nodeId'] !== nodeId && event.data['commitment'] === commitment);
  });
  context.check('(c) a copied commitment convicts its copier, by what it signed itself', proved.length > 0 && copied.length > 0,
    `${proved.length} proofs that anybody can check, ${copied.length} of them with another's commitment`);
}
