// How long from sending a transaction until the witness that took it sees it final, in virtual time: links of one delay, nothing lost.
import { localParameters } from '@oort/ledger-chain';
import { witnessAddress } from '@oort/ledger-dag/world';
import type { Pace } from '@oort/ledger-dag';
import { standIns } from './engine';
import { Network } from './network';
import { Random } from './random';
import { SimulatedWitness } from './witness';
import { WorldClock } from './world-clock';

export interface FinalityRun {
  readonly witnessCount: number;
  /** From any witness to any other; milliseconds. */
  readonly delayMs: number;
  readonly flushMs: number;
  readonly transactions: number;
  /** Between two transactions: longer than finality takes, and each meets a silent chain. */
  readonly everyMs: number;
  readonly pace: Pace;
  readonly seed: number;
}

/** Milliseconds of each transaction, shortest first; infinite where it never became final. */
export function finalityTimes({ witnessCount, delayMs, flushMs, transactions, everyMs, pace, seed }: FinalityRun): number[] {
  const random = new Random(seed);
  const clock = new WorldClock();
  const parameters = localParameters({ witnessCount });
  const everybody = Array.from({ length: witnessCount }, (_, seat) => witnessAddress(seat));
  const engine = standIns(parameters, () => everybody);
  const network = new Network(clock, random, { delayMs: [delayMs, delayMs + 1], loss: 0, partitions: [] });
  const disk = { flushMs: [flushMs, flushMs + 1], idleFlushMs: 200 } as const;
  const stage = { engine, clock, network, random, pace, disk, skew: () => 0 };
  const witnesses = everybody.map((_, seat) => new SimulatedWitness(seat, 'honest', stage));
  const times: number[] = [];
  for (let index = 0; index < transactions; index += 1) {
    const transaction = engine.transaction(index, 0);
    const door = witnesses[random.between(0, witnessCount)];
    const at = 1000 + index * everyMs + random.between(0, 50);
    clock.after(at, () => {
      door?.onFinal(transaction.hash, () => { times.push(clock.nowMs - at); });
      door?.submit(transaction, () => undefined);
    });
  }
  while (clock.step(transactions * everyMs + 30_000));
  while (times.length < transactions) times.push(Infinity);
  return times.sort((a, b) => a - b);
}
