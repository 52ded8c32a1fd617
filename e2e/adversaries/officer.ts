// What anybody can check of an officer: that what it opened is what it committed to on chain, and that it injected what it owes.
import { Contract, id as keccakOfText } from 'ethers';
import { auditRate, newRecord, noTasks, withBatch, type Leak, type OfficerTally } from '@oort/algorithms-honesty';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson } from '@oort/kernel-wire';
import { contractAbis } from '@oort/schema';
import type { LoopContext } from '../loop/step';
import type { FeedEvent } from './traffic';

export interface Opening { readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean }

/** Of the batches that were committed after this position and are open. */
export function tallyOf(events: readonly FeedEvent[], after: bigint): OfficerTally {
  const rates = new Map<string, number>();
  const committed = new Map<string, { readonly rate: number; readonly leak: Leak | null }>();
  let leak: Leak | null = null;
  let tally = noTasks;
  for (const { type, position, data } of events) {
    if (type === 'VerdictReached' && ['inference', 'training'].includes(String(data['work']))) rates.set(String(data['nodeId']), Number(data['auditRate']));
    if (type === 'LeakSuspected') leak = data['leak'] as Leak;
    if (type === 'LeakCleared') leak = null;
    const mean = rates.size === 0 ? auditRate(newRecord) : [...rates.values()].reduce((sum, rate) => sum + rate, 0) / rates.size;
    if (type === 'BatchCommitted' && BigInt(position) > after) committed.set(String(data['batchId']), { rate: mean, leak });
    const batch = type === 'BatchOpened' ? committed.get(String(data['batchId'])) : undefined;
    if (batch !== undefined) tally = withBatch(tally, openingsOf(data), batch.rate, batch.leak);
  }
  return tally;
}

/** Opened batches whose root is the one that the chain has kept since before the answers came; and those where it is not. */
export async function againstChain(context: LoopContext, events: readonly FeedEvent[]): Promise<{ readonly kept: number; readonly broken: number }> {
  const { HonestyCourt: court = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const contract = new Contract(court, contractAbis.HonestyCourt, context.chain);
  const roots = new Map((await contract.queryFilter('BatchCommitted', 0)).flatMap((log) => ('args' in log ? [[String(log.args[0]), String(log.args[1])] as const] : [])));
  let [kept, broken] = [0, 0];
  for (const { type, data } of events) {
    const root = type === 'BatchOpened' ? roots.get(keccakOfText(String(data['batchId']))) : undefined;
    if (root === undefined) continue;
    if (root === `0x${rootOf(openingsOf(data))}`) kept += 1;
    else broken += 1;
  }
  return { kept, broken };
}

export function openingsOf(data: FeedEvent['data']): readonly Opening[] {
  return data['openings'] as readonly Opening[];
}

function rootOf(openings: readonly Opening[]): string {
  return merkleRoot(openings.map(({ salt, taskId, expectedHash, isPhantom }) =>
    leafHash(Buffer.from(canonicalJson([salt, taskId, expectedHash ?? '0'.repeat(64), isPhantom]))))).toString('hex');
}
