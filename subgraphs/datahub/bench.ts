// The workbench: every mission's labelling in memory, folded from the log, so that the next question and the state of every item
// are found without reading streams. It holds sealed answers: nothing of it leaves but through the functions that choose what may.
import { id as keccakOfText } from 'ethers';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import type { PlatformEvent } from '@oort/schema';
import type { AccountsEvent } from '@oort/schema/events/accounts';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { DatahubEvent } from '@oort/schema/events/datahub';
import { budgetWei, type Mission } from './state';

type Folded =
  | DatahubEvent
  | Extract<AccountsEvent, { readonly type: 'AccountOpened' }>
  | Extract<ComputeEvent, { readonly type: 'JobSubmitted' }>;
type Accepted = Extract<DatahubEvent, { readonly type: 'ContributionAccepted' }>['data'];

const types = [
  'MissionOpened',
  'MissionFunded',
  'MissionClosed',
  'ConsentGiven',
  'ContributionSubmitted',
  'ContributionPreprocessed',
  'ContributionAccepted',
  'ContributionRejected',
  'ContributionWithdrawn',
  'GoldItemAdded',
  'TaskAssigned',
  'LabelSubmitted',
  'ItemResolved',
  'AnnotatorFlagged',
  'DatasetVersionSealed',
  'AccountOpened',
  'JobSubmitted',
] as const satisfies readonly PlatformEvent['type'][];

const revising: ReadonlySet<string> = new Set([
  'GoldItemAdded',
  'LabelSubmitted',
  'ItemResolved',
  'AnnotatorFlagged',
]);

export interface ItemBench {
  readonly itemId: string;
  readonly accepted: Accepted;
  readonly mediaType: string;
  readonly consentId: string;
  /** By account. */
  readonly labels: Map<string, string>;
  /** Tasks given out and not answered: account -> expiry. */
  readonly waiting: Map<string, string>;
  resolved: { readonly label: string; readonly posterior: number } | null;
  withdrawn: boolean;
}

export interface ParticipantBench {
  consentId: string | null;
  readonly seen: Set<string>;
  goldSeen: number;
  flagged: boolean;
}

export interface MissionBench {
  readonly mission: Mission;
  fundedWei: bigint;
  closed: boolean;
  readonly items: Map<string, ItemBench>;
  /** itemId -> answer. */
  readonly gold: Map<string, string>;
  readonly participants: Map<string, ParticipantBench>;
  readonly submitted: Map<
    string,
    {
      readonly accountId: string;
      readonly mediaType: string;
      readonly consentId: string;
      pending: boolean;
    }
  >;
  /** SHA-256 of accepted bytes -> contribution. */
  readonly bytes: Map<string, string>;
  readonly perceptual: { readonly contributionId: string; readonly hash: string }[];
  readonly versions: { readonly versionId: string; readonly manifestContentId: string }[];
  /** Moves with every label, gold answer and flag: what was computed before is stale. */
  revision: number;
}

export class Bench {
  readonly missions = new Map<string, MissionBench>();
  readonly addresses = new Map<string, string>();
  /** Pre-processing job -> contribution, while it waits. */
  readonly jobs = new Map<string, string>();
  readonly #byChainId = new Map<string, string>();
  readonly #missionOfItem = new Map<string, string>();
  readonly #hashes = new Map<string, string>();
  readonly #store: EventStore;
  #position = -1n;
  #waiters: { readonly position: bigint; readonly wake: () => void }[] = [];

  constructor(store: EventStore) {
    this.#store = store;
  }

  byChainId(chainId: string): MissionBench | undefined {
    return this.missions.get(this.#byChainId.get(chainId.toLowerCase()) ?? '');
  }

  ofItem(itemId: string): MissionBench | undefined {
    return this.missions.get(this.#missionOfItem.get(itemId) ?? '');
  }

  async catchUp(): Promise<void> {
    const head = await this.#store.head();
    if (head !== null)
      for await (const event of this.#store.readAll('start', { filter: { types } }))
        this.#take(event);
    if (head !== null) this.#reach(head);
  }

  async follow(signal: AbortSignal): Promise<void> {
    for await (const delivery of this.#store.subscribe({
      from: this.#position < 0n ? 'start' : { after: this.#position },
      filter: { types },
      signal,
    })) {
      if (delivery.kind === 'event') this.#take(delivery.event);
      else if (delivery.position !== null) this.#reach(delivery.position);
    }
  }

  /** Resolves once everything up to the position is folded in. */
  async until(position: bigint): Promise<void> {
    if (this.#position >= position) return;
    await new Promise<void>((wake) => {
      this.#waiters.push({ position, wake });
    });
  }

  #take(recorded: RecordedEvent): void {
    if (recorded.position <= this.#position) return;
    this.#fold({ type: recorded.type, data: recorded.data } as unknown as Folded);
    this.#reach(recorded.position);
  }

  #reach(position: bigint): void {
    if (position > this.#position) this.#position = position;
    const due = this.#waiters.filter((waiter) => waiter.position <= this.#position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#position);
    for (const { wake } of due) wake();
  }

  #fold(event: Folded): void {
    if (event.type === 'AccountOpened')
      this.addresses.set(event.data.accountId, event.data.address);
    else if (event.type === 'JobSubmitted') this.#job(event.data);
    else if (event.type === 'MissionOpened') this.#open(event.data);
    else {
      const bench = this.missions.get(event.data.missionId);
      if (bench !== undefined) this.#foldInto(bench, event);
    }
  }

  #job({ kind, subject, jobId }: Extract<Folded, { readonly type: 'JobSubmitted' }>['data']): void {
    if (kind === 'preprocess' && subject?.kind === 'contribution') this.jobs.set(jobId, subject.id);
  }

  #open(mission: Mission): void {
    this.#byChainId.set(keccakOfText(mission.missionId), mission.missionId);
    this.missions.set(mission.missionId, {
      mission,
      fundedWei: 0n,
      closed: false,
      items: new Map(),
      gold: new Map(),
      participants: new Map(),
      submitted: new Map(),
      bytes: new Map(),
      perceptual: [],
      versions: [],
      revision: 0,
    });
  }

  #foldInto(
    bench: MissionBench,
    event: Exclude<Folded, { readonly type: 'AccountOpened' | 'JobSubmitted' | 'MissionOpened' }>,
  ): void {
    if (revising.has(event.type)) bench.revision += 1;
    switch (event.type) {
      case 'MissionFunded':
        bench.fundedWei += BigInt(event.data.amountWei);
        return;
      case 'MissionClosed':
        bench.closed = true;
        return;
      case 'ConsentGiven':
        participantOf(bench, event.data.accountId).consentId = event.data.consentId;
        return;
      case 'ContributionSubmitted': {
        const { contributionId, accountId, mediaType, consentId } = event.data;
        bench.submitted.set(contributionId, { accountId, mediaType, consentId, pending: true });
        return;
      }
      case 'ContributionPreprocessed':
        this.#hashes.set(event.data.contributionId, event.data.perceptualHash);
        return;
      case 'ContributionAccepted':
        this.#accept(bench, event.data);
        return;
      case 'ContributionRejected': {
        bench.submitted.delete(event.data.contributionId);
        return;
      }
      case 'ContributionWithdrawn':
        withItem(bench, event.data.itemId, (item) => {
          item.withdrawn = true;
        });
        return;
      case 'GoldItemAdded':
        bench.gold.set(event.data.itemId, event.data.answer);
        return;
      case 'TaskAssigned': {
        const { itemId, accountId, expiresAt } = event.data;
        const participant = participantOf(bench, accountId);
        participant.seen.add(itemId);
        if (bench.gold.has(itemId)) participant.goldSeen += 1;
        withItem(bench, itemId, (item) => item.waiting.set(accountId, expiresAt));
        return;
      }
      case 'LabelSubmitted': {
        const { itemId, accountId, label } = event.data;
        withItem(bench, itemId, (item) => {
          item.waiting.delete(accountId);
          item.labels.set(accountId, label);
        });
        return;
      }
      case 'ItemResolved': {
        const { itemId, label, posterior } = event.data;
        withItem(bench, itemId, (item) => {
          item.resolved = { label, posterior };
        });
        return;
      }
      case 'AnnotatorFlagged':
        participantOf(bench, event.data.accountId).flagged = true;
        return;
      case 'DatasetVersionSealed':
        bench.versions.push({
          versionId: event.data.versionId,
          manifestContentId: event.data.manifestContentId,
        });
        return;
      case 'ReviewRecorded':
      case 'EarningsAccrued':
        return;
    }
  }

  #accept(bench: MissionBench, accepted: Accepted): void {
    const submission = bench.submitted.get(accepted.contributionId);
    if (submission !== undefined) submission.pending = false;
    this.#missionOfItem.set(accepted.itemId, bench.mission.missionId);
    bench.bytes.set(accepted.sha256, accepted.contributionId);
    const hash = this.#hashes.get(accepted.contributionId);
    if (hash !== undefined)
      bench.perceptual.push({ contributionId: accepted.contributionId, hash });
    this.#hashes.delete(accepted.contributionId);
    bench.items.set(accepted.itemId, {
      itemId: accepted.itemId,
      accepted,
      mediaType: submission?.mediaType ?? 'application/octet-stream',
      consentId: submission?.consentId ?? '',
      labels: new Map(),
      waiting: new Map(),
      resolved: null,
      withdrawn: false,
    });
  }
}

function withItem(bench: MissionBench, itemId: string, change: (item: ItemBench) => void): void {
  const item = bench.items.get(itemId);
  if (item !== undefined) change(item);
}

export function participantOf(bench: MissionBench, accountId: string): ParticipantBench {
  const known = bench.participants.get(accountId);
  if (known !== undefined) return known;
  const fresh: ParticipantBench = { consentId: null, seen: new Set(), goldSeen: 0, flagged: false };
  bench.participants.set(accountId, fresh);
  return fresh;
}

export function statusOf(bench: MissionBench): 'announced' | 'open' | 'closed' {
  if (bench.closed) return 'closed';
  return bench.fundedWei >= budgetWei(bench.mission) ? 'open' : 'announced';
}
