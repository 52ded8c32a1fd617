// A reward root that the contract refused is offered again, with whatever the contract lacks to pay for it.
// Epochs follow one another, so a root that stays away would stop all later ones.
import { id as keccakOfText } from 'ethers';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId } from '@oort/kernel-wire';
import type { SubgraphPorts } from '@oort/schema';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { StakingEvent } from '@oort/schema/events/staking';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';

type Finalised = Extract<LedgerEvent, { readonly type: 'ChainCallFinalised' }>['data'];
type Refused = { readonly callId: string; readonly epoch: number };

const timerKind = 'ledger.republish-root';
const retryMs = 15_000;

export class RootPublisher {
  constructor(private readonly ports: Pick<SubgraphPorts, 'store' | 'timers' | 'now'>, private readonly chain: Chain, private readonly calls: ChainCalls) {
    ports.timers.onFire(timerKind, ({ payload }) => this.publish(payload as Refused));
  }

  async finalised(event: RecordedEvent): Promise<void> {
    const { contract, method, status, callId, subject } = event.data as unknown as Finalised;
    if (contract !== 'Rewards' || method !== 'publish' || status === 'succeeded') return;
    const at = new Date(this.ports.now().getTime() + retryMs);
    await this.ports.timers.schedule({ id: `republish/${callId}`, kind: timerKind, at, payload: { callId, epoch: Number(subject.id) } });
  }

  private async publish({ callId, epoch }: Refused): Promise<void> {
    const [held, [claimed], [current], closed] = await Promise.all([
      this.chain.balanceOf('Rewards'), this.chain.view('Rewards', 'claimedTotal', []), this.chain.view('Rewards', 'epoch', []), this.closed(epoch),
    ]);
    if (closed === null || Number(current) >= epoch) return;
    const lacking = BigInt(closed.cumulativeWei) - BigInt(String(claimed)) - held;
    await this.calls.intend({
      callId: deriveId('call', `again/${keccakOfText(callId)}`), contract: 'Rewards', method: 'publish', args: [epoch, `0x${closed.root}`, closed.cumulativeWei],
      valueWei: lacking > 0n ? lacking : 0n, subject: { kind: 'reward-epoch', id: String(epoch) },
    });
  }

  private async closed(epoch: number): Promise<StakingEvent['data'] | null> {
    for await (const { data } of this.ports.store.readAll('start', { filter: { types: ['RewardEpochClosed'] } })) {
      const found = data as unknown as StakingEvent['data'];
      if (found.epoch === epoch) return found;
    }
    return null;
  }
}
