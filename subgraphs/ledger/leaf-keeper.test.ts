import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { SubgraphPorts } from '@oort/schema';
import { LeafKeeper } from './leaf-keeper';

type Timers = Pick<SubgraphPorts, 'timers'>['timers'];
interface Scheduled { readonly id: string; readonly kind: string; readonly at: Date; readonly payload: unknown }

function keeperOf(stage: bigint): { readonly keeper: LeafKeeper; readonly scheduled: Scheduled[]; readonly called: unknown[]; fire(): Promise<void> } {
  const [scheduled, called]: [Scheduled[], unknown[]] = [[], []];
  let handler: (timer: { readonly payload: unknown }) => Promise<void> = () => Promise.resolve();
  const timers = {
    onFire: (_: string, react: typeof handler) => { handler = react; },
    schedule: (timer: Scheduled) => { scheduled.push(timer); return Promise.resolve(); },
  } as unknown as Timers;
  const view = (): Promise<readonly unknown[]> => Promise.resolve(['0x', '0x', 0n, 0n, stage]);
  const intend = ({ contract, method, args }: { readonly contract: string; readonly method: string; readonly args: readonly unknown[] }): Promise<void> => { called.push([contract, method, args]); return Promise.resolve(); };
  return { keeper: new LeafKeeper({ timers }, { view }, { intend }), scheduled, called, fire: () => handler({ payload: scheduled[0]?.payload }) };
}

const observed = (contract: string, event: string): RecordedEvent => ({ data: { contract, event, args: { disputeId: '0xd1', answerUntil: '1800000020' } } }) as unknown as RecordedEvent;

it.each([[1n, [['LeafCourt', 'convict', ['0xd1']]]], [2n, []], [3n, []]])('at the end of the time a dispute in stage %s is convicted only if it is open', async (stage, wanted) => {
  const { keeper, scheduled, called, fire } = keeperOf(stage);
  await keeper.observed(observed('LeafCourt', 'LeafShown'));
  await keeper.observed(observed('ForkCourt', 'LeafDisputed'));
  expect(scheduled).toEqual([]);
  await keeper.observed(observed('LeafCourt', 'LeafDisputed'));
  expect(scheduled[0]?.at.getTime()).toBeGreaterThan(1_800_000_020_000);
  await fire();
  expect(called).toEqual(wanted);
});
