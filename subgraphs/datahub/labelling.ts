// What the judgements of a mission say so far, who is asked what next, and whose answers are noise.
import {
  aggregateLabels,
  krippendorffAlpha,
  mostProbable,
  type Aggregate,
  type AnnotatorRecord,
  type Judgement,
} from '@oort/algorithms-labels';
import { participantOf, type ItemBench, type MissionBench } from './bench';
import { judgementLimit } from './state';

export interface Labelling {
  readonly aggregate: Aggregate;
  /** The label of an item as far as it is known. */
  readonly best: (itemId: string) => { readonly label: string; readonly posterior: number } | null;
}

const computed = new WeakMap<
  MissionBench,
  { readonly revision: number; readonly labelling: Labelling }
>();

/** Without excluded annotators; gold answers stay what they are. Cost: O(iterations x judgements), once for each state of the bench. */
export function labellingOf(bench: MissionBench): Labelling {
  const before = computed.get(bench);
  if (before?.revision === bench.revision) return before.labelling;
  const { labels } = bench.mission;
  const aggregate = aggregateLabels(judgementsOf(bench, ripeItems(bench), 'trusted'), {
    labels,
    known: bench.gold,
    maximumIterations: 50,
    tolerance: 1e-4,
  });
  const labelling: Labelling = { aggregate, best: (itemId) => bestOf(bench, aggregate, itemId) };
  computed.set(bench, { revision: bench.revision, labelling });
  return labelling;
}

function bestOf(
  bench: MissionBench,
  aggregate: Aggregate,
  itemId: string,
): { readonly label: string; readonly posterior: number } | null {
  const answer = bench.gold.get(itemId);
  if (answer !== undefined) return { label: answer, posterior: 1 };
  const posterior = aggregate.posteriors.get(itemId);
  return posterior === undefined ? null : mostProbable(bench.mission.labels, posterior);
}

/** With fewer judgements than the overlap an item only says that its annotators agree with themselves: whoever came first would be right. */
function ripeItems(bench: MissionBench): readonly ItemBench[] {
  const { overlap } = bench.mission.quality;
  return [...bench.items.values()].filter(
    (item) => bench.gold.has(item.itemId) || trustedCount(bench, item) >= overlap,
  );
}

function judgementsOf(
  bench: MissionBench,
  items: Iterable<ItemBench>,
  whose: 'all' | 'trusted',
): readonly Judgement[] {
  return [...items].flatMap((item) =>
    [...item.labels]
      .filter(([worker]) => whose === 'all' || bench.participants.get(worker)?.flagged !== true)
      .map(([worker, label]) => ({ item: item.itemId, worker, label })),
  );
}

export function agreementOf(bench: MissionBench, whose: 'all' | 'trusted'): number {
  return krippendorffAlpha(judgementsOf(bench, bench.items.values(), whose)) ?? 0;
}

/** Enough judgements: the planned overlap and a sure answer, or as many as the plan allows. Gold needs none, its answer is known. */
export function isSettled(bench: MissionBench, item: ItemBench): boolean {
  if (bench.gold.has(item.itemId)) return true;
  const { overlap, maximumOverlap, posterior } = bench.mission.quality;
  const count = trustedCount(bench, item);
  return (
    count >= maximumOverlap ||
    (count >= overlap && (labellingOf(bench).best(item.itemId)?.posterior ?? 0) >= posterior)
  );
}

/** Accepted, not withdrawn, in no version yet. */
export function liveItems(bench: MissionBench): readonly ItemBench[] {
  return [...bench.items.values()].filter((item) => item.resolved === null && !item.withdrawn);
}

export function progressOf(bench: MissionBench): {
  readonly judgementCount: number;
  readonly settledCount: number;
  readonly openCount: number;
} {
  const live = liveItems(bench);
  const openCount = live.filter((item) => !isSettled(bench, item)).length;
  const judgementCount = [...bench.items.values()].reduce((sum, item) => sum + item.labels.size, 0);
  return {
    judgementCount,
    settledCount:
      bench.items.size -
      openCount -
      [...bench.items.values()].filter((item) => item.withdrawn).length,
    openCount,
  };
}

/** Of everyone who answered, in one pass. Only items that others judged too, and gold, say how good somebody is. */
export function recordsOf(bench: MissionBench): ReadonlyMap<string, AnnotatorRecord> {
  const { accuracies } = labellingOf(bench).aggregate;
  const records = new Map<string, AnnotatorRecord>();
  for (const item of ripeItems(bench)) {
    const answer = bench.gold.get(item.itemId);
    for (const [accountId, label] of item.labels) {
      const before = records.get(accountId) ?? noRecord(bench.mission.labels.length);
      records.set(accountId, {
        goldRight: before.goldRight + (answer === label ? 1 : 0),
        goldAnswered: before.goldAnswered + (answer === undefined ? 0 : 1),
        estimatedAccuracy: accuracies.get(accountId) ?? null,
        answered: before.answered + 1,
        labelCount: before.labelCount,
      });
    }
  }
  return records;
}

export function noRecord(labelCount: number): AnnotatorRecord {
  return { goldRight: 0, goldAnswered: 0, estimatedAccuracy: null, answered: 0, labelCount };
}

/** Items to ask this person about: never their own, never one they saw, gold mixed in at about its share and in no pattern. */
export function pickItems(
  bench: MissionBench,
  accountId: string,
  count: number,
  now: string,
  random: () => number,
): readonly ItemBench[] {
  const { seen, goldSeen } = participantOf(bench, accountId);
  const live = liveItems(bench);
  const askable = live.filter(
    (item) => item.accepted.accountId !== accountId && !seen.has(item.itemId),
  );
  const gold = shuffled(
    askable.filter((item) => bench.gold.has(item.itemId)),
    random,
  );
  const ordinary = ordinaryItems(
    bench,
    askable.filter((item) => !bench.gold.has(item.itemId)),
    now,
    random,
  );
  const picked: ItemBench[] = [];
  const affordable = Math.min(
    count,
    judgementLimit(bench.mission) - judgementsPromised(bench, now),
  );
  let goldPicked = 0;
  while (picked.length < affordable && ordinary.length > 0) {
    const due =
      bench.mission.quality.goldShare * (seen.size + picked.length + 1) - goldSeen - goldPicked;
    const next =
      random() < bench.mission.quality.goldShare + due / 2
        ? (gold.pop() ?? ordinary.shift())
        : ordinary.shift();
    if (next === undefined) break;
    if (bench.gold.has(next.itemId)) goldPicked += 1;
    picked.push(next);
  }
  return picked;
}

/** Those that need a judgement more than they have or wait for; the ones begun first, so that items are finished. */
function ordinaryItems(
  bench: MissionBench,
  items: readonly ItemBench[],
  now: string,
  random: () => number,
): ItemBench[] {
  const { overlap, maximumOverlap } = bench.mission.quality;
  return shuffled(items, random)
    .map((item) => ({
      item,
      count: trustedCount(bench, item),
      waiting: waitingCount(bench, item, now),
    }))
    .filter(({ item, count, waiting }) => {
      if (count + waiting < overlap) return true;
      // Beyond the overlap one at a time: the next answer may settle it.
      return waiting === 0 && count < maximumOverlap && !isSettled(bench, item);
    })
    .sort((left, right) => right.count + right.waiting - left.count - left.waiting)
    .map(({ item }) => item);
}

function judgementsPromised(bench: MissionBench, now: string): number {
  return [...bench.items.values()].reduce(
    (sum, item) => sum + trustedCount(bench, item) + waitingCount(bench, item, now),
    0,
  );
}

function trustedCount(bench: MissionBench, item: ItemBench): number {
  let count = 0;
  for (const account of item.labels.keys())
    if (bench.participants.get(account)?.flagged !== true) count += 1;
  return count;
}

function waitingCount(bench: MissionBench, item: ItemBench, now: string): number {
  let count = 0;
  for (const [account, expiresAt] of item.waiting)
    if (expiresAt >= now && bench.participants.get(account)?.flagged !== true) count += 1;
  return count;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const copy = [...values];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
