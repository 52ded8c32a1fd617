// A confirmed slash is settled when the chain's own appeal period is over: the contract counts from the block
// that proposed it, which is later than the platform's clock said.
import type { Json } from '@oort/kernel-wire';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { id as keccakOfText } from 'ethers';
import type { SubgraphPorts } from '@oort/schema';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';
import { settleCall } from './react';

const timerKind = 'ledger.settle-slash';
const retryMs = 1_000;
/** A block's time is that of the trunk block that carries it, which may lie a moment back. */
const slackMs = 1_500;
/** HonestyCourt.Stage */
const stage = { none: 0, proposed: 1, appealed: 2, upheld: 3 } as const;

export class SlashSettler {
  constructor(private readonly ports: Pick<SubgraphPorts, 'timers' | 'now'>, private readonly chain: Chain, private readonly calls: ChainCalls) {
    ports.timers.onFire(timerKind, ({ payload }) => this.attempt(payload as { readonly caseId: string; readonly attempt: number }));
  }

  confirmed(event: RecordedEvent): Promise<void> {
    const { caseId } = event.data as { readonly caseId: string };
    return this.schedule(caseId, 0, this.ports.now());
  }

  private async attempt({ caseId, attempt }: { readonly caseId: string; readonly attempt: number }): Promise<void> {
    const [, , , appealUntil, , at] = await this.chain.view('HonestyCourt', 'cases', [keccakOfText(caseId)]) as readonly bigint[];
    const now = this.ports.now().getTime();
    const dueAt = Number(appealUntil ?? 0n) * 1000 + slackMs;
    const state = Number(at ?? 0n);
    if (state === stage.upheld || (state === stage.proposed && now >= dueAt)) return this.calls.intend(settleCall(caseId));
    if (state === stage.none || state === stage.appealed) return this.schedule(caseId, attempt + 1, new Date(now + retryMs));
    if (state === stage.proposed) return this.schedule(caseId, attempt + 1, new Date(dueAt));
  }

  private schedule(caseId: string, attempt: number, at: Date): Promise<void> {
    const payload: Json = { caseId, attempt };
    return this.ports.timers.schedule({ id: `settle/${caseId}/${attempt}`, kind: timerKind, at, payload });
  }
}
