// Moves cases on that a jury decides. Anybody may make these calls; the platform makes them so that nobody has to.
import type { Json } from '@oort/kernel-wire';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId } from '@oort/kernel-wire';
import { id as keccakOfText } from 'ethers';
import type { SubgraphPorts } from '@oort/schema';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';

const timerKind = 'ledger.keep-jury';
const leastMs = 1_000;
const mostMs = 300_000;
/** Of the time that is left until the next deadline: votes may be complete before it. */
const looks = 10;
const slackMs = 1_500;

/** Juries.Stage */
const stages = ['none', 'summoned', 'voting', 'decided', 'failed'] as const;

export interface Jury {
  readonly round: number;
  readonly stage: (typeof stages)[number];
  readonly seedBlock: number;
  readonly revealUntilMs: number;
  readonly appealUntilMs: number;
  readonly votes: number;
  readonly seats: number;
}

export type Move = { readonly call: 'summon' | 'draw' | 'close' | 'conclude' } | { readonly waitMs: number };

/** What is next for a case. Pure. */
export function nextMove(jury: Jury, head: number, nowMs: number): Move {
  const until = (at: number): Move => ({ waitMs: Math.min(mostMs, Math.max(leastMs, (at + slackMs - nowMs) / looks)) });
  switch (jury.stage) {
    case 'none': return { call: 'summon' };
    // The call runs in a block after the head, which must lie behind the seed's.
    case 'summoned': return head >= jury.seedBlock ? { call: 'draw' } : { waitMs: leastMs };
    case 'voting': return jury.votes === jury.seats || nowMs >= jury.revealUntilMs + slackMs ? { call: 'close' } : until(jury.revealUntilMs);
    case 'decided': return nowMs >= jury.appealUntilMs + slackMs ? { call: 'conclude' } : until(jury.appealUntilMs);
    case 'failed': return { waitMs: leastMs };
  }
}

/** `origin`: the event that set it going; another one sets going another. */
interface Kept { readonly caseId: string; readonly origin: string; readonly attempt: number }

export class JuryKeeper {
  constructor(private readonly ports: Pick<SubgraphPorts, 'timers' | 'now'>, private readonly chain: Chain, private readonly calls: ChainCalls) {
    ports.timers.onFire(timerKind, ({ payload }) => this.attempt(payload as unknown as Kept));
  }

  /** Of an accusation or an appeal. */
  moved(event: RecordedEvent): Promise<void> {
    const { caseId } = event.data as { readonly caseId: string };
    return this.schedule({ caseId, origin: event.id, attempt: 0 }, 0);
  }

  private async attempt({ caseId, origin, attempt }: Kept): Promise<void> {
    const hash = keccakOfText(caseId);
    // Not on the chain yet, or not a jury's.
    const [[needed], [, , basisPoints]] = await Promise.all([this.chain.view('HonestyCourt', 'needsJury', [hash]), this.chain.view('HonestyCourt', 'cases', [hash])]);
    if (needed !== true) return basisPoints === 0n ? this.schedule({ caseId, origin, attempt: attempt + 1 }, leastMs) : undefined;
    const move = nextMove(juryOf(await this.chain.view('JuryCourt', 'juryOf', [hash])), await this.chain.head(), this.ports.now().getTime());
    if ('call' in move) {
      await this.calls.intend({
        callId: deriveId('call', `jury/${caseId}/${origin}/${attempt}`), contract: 'JuryCourt', method: move.call, args: [hash], valueWei: 0n,
        subject: { kind: 'slash', id: caseId },
      });
    }
    return this.schedule({ caseId, origin, attempt: attempt + 1 }, 'call' in move ? 2 * leastMs : move.waitMs);
  }

  private schedule(kept: Kept, waitMs: number): Promise<void> {
    const payload: Json = { ...kept };
    return this.ports.timers.schedule({ id: `jury/${kept.origin}/${kept.attempt}`, kind: timerKind, at: new Date(this.ports.now().getTime() + waitMs), payload });
  }
}

function juryOf(found: readonly unknown[]): Jury {
  const [round, stage, , seedBlock, , revealUntil, appealUntil, votes, seated] = found as readonly bigint[];
  return {
    round: Number(round), stage: stages[Number(stage)] ?? 'none', seedBlock: Number(seedBlock), revealUntilMs: Number(revealUntil) * 1000,
    appealUntilMs: Number(appealUntil) * 1000, votes: Number(votes), seats: (seated as unknown as readonly string[]).length,
  };
}
