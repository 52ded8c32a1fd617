// Carries out chain calls: recorded, sent, final. After a restart it goes on with what was recorded and is not final.
import { setTimeout as sleep } from 'node:timers/promises';
import { command, createHandler, loadState } from '@oort/kernel-decider';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId, type Json } from '@oort/kernel-wire';
import type { ContractName } from '@oort/schema';
import type { Subject } from '@oort/schema/events/compute';
import type { Chain } from './chain';
import { callsDecider } from './decide';
import type { Intent } from './state';

export interface CallRequest {
  /** Derived from what asks for it, so that asking again asks for nothing new. */
  readonly callId: string;
  readonly contract: ContractName;
  readonly method: string;
  readonly args: readonly Json[];
  readonly valueWei: bigint;
  readonly subject: Subject;
}

interface Sent { readonly intent: Intent; readonly raw: string; readonly hash: string; sentAt: number }

const pollMs = 150;
const resendMs = 5_000;

export class ChainCalls {
  private readonly pending = new Map<string, Sent>();
  private readonly handle;
  /** What the node last said against a call; null while all goes well. */
  trouble: string | null = null;

  constructor(private readonly store: EventStore, private readonly chain: Chain, private readonly now: () => Date) {
    this.handle = createHandler({ store, decider: callsDecider, now });
  }

  /** Takes up what an earlier process left unfinished. */
  async resume(): Promise<void> {
    const { state } = await loadState(this.store, callsDecider, this.chain.address);
    for (const intent of state.pending.values()) await this.take(intent);
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  isPending(subjectKind: string): boolean {
    return [...this.pending.values()].some(({ intent }) => intent.subject.kind === subjectKind);
  }

  /** Resolves once the call is recorded and was offered to the node. Throws CallNotEncodable before anything is recorded. */
  async intend({ valueWei, ...request }: CallRequest, cause?: RecordedEvent): Promise<void> {
    this.chain.encode(request);
    const data = { ...request, valueWei: valueWei.toString(), chainNonce: await this.chain.nonce() };
    const options = { actor: 'platform', now: this.now(), id: deriveId('command', `intend/${request.callId}`) };
    const outcome = await this.handle(this.chain.address, command('IntendCall', data, cause === undefined ? options : { ...options, cause }));
    const intent = outcome.ok ? outcome.state.pending.get(request.callId) : undefined;
    if (intent !== undefined) await this.take(intent);
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const sent of [...this.pending.values()].sort((one, other) => one.intent.nonce - other.intent.nonce)) await this.follow(sent);
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async take(intent: Intent): Promise<void> {
    if (this.pending.has(intent.callId)) return;
    const { raw, hash } = await this.chain.sign(intent);
    const sent = { intent, raw, hash, sentAt: 0 };
    this.pending.set(intent.callId, sent);
    await this.offer(sent);
  }

  /** A node that refuses is asked again later: it may be away, or have the transaction already. */
  private async offer(sent: Sent): Promise<void> {
    sent.sentAt = this.now().getTime();
    try {
      await this.chain.send(sent.raw);
      this.trouble = null;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
  }

  private async follow(sent: Sent): Promise<void> {
    const receipt = await this.chain.receipt(sent.hash).catch(() => null);
    if (receipt === null) {
      if (this.now().getTime() - sent.sentAt > resendMs) await this.offer(sent);
      return;
    }
    const { callId } = sent.intent;
    const { txHash, blockHash, blockNumber, succeeded } = receipt;
    const data = { callId, txHash, blockHash, blockNumber, status: succeeded ? 'succeeded' : 'reverted' } as const;
    await this.handle(this.chain.address, command('FinaliseCall', data, { actor: 'platform', now: this.now(), id: deriveId('command', `finalise/${callId}`) }));
    this.pending.delete(callId);
    this.trouble = null;
  }
}
