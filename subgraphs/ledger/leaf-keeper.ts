// Convicts a node that did not show a disputed leaf in its time. Anybody may; the platform does it so that nobody has to.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { SubgraphPorts } from '@oort/schema';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';
import { convictCall } from './react';

type ChainLog = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

const timerKind = 'ledger.convict-leaf';
/** A block's time is that of the trunk block that carries it, which may lie a moment back. */
const slackMs = 1_500;
/** LeafCourt.Stage */
const open = 1n;

export class LeafKeeper {
  constructor(private readonly ports: Pick<SubgraphPorts, 'timers'>, private readonly chain: Pick<Chain, 'view'>, private readonly calls: Pick<ChainCalls, 'intend'>) {
    ports.timers.onFire(timerKind, ({ payload }) => this.due((payload as { readonly disputeId: string }).disputeId));
  }

  async observed(event: RecordedEvent): Promise<void> {
    const { contract, event: name, args } = event.data as unknown as ChainLog;
    if (contract !== 'LeafCourt' || name !== 'LeafDisputed') return;
    const disputeId = String(args['disputeId']);
    const at = new Date(Number(args['answerUntil']) * 1000 + slackMs);
    await this.ports.timers.schedule({ id: `convict/${disputeId}`, kind: timerKind, at, payload: { disputeId } });
  }

  private async due(disputeId: string): Promise<void> {
    const [, , , , stage] = await this.chain.view('LeafCourt', 'disputes', [disputeId]);
    if (stage === open) await this.calls.intend(convictCall(disputeId));
  }
}
