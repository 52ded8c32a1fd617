// One seed, one run: witnesses, weather, crashes and liars, then calm; then what must hold is checked.
import { localParameters } from '@oort/ledger-chain';
import type { Address, ChainParameters, Hash } from '@oort/ledger-chain';
import { witnessAddress } from '@oort/ledger-dag/world';
import { standIns } from './engine';
import type { Engine } from './engine';
import { Network } from './network';
import type { SimulatedTransaction, Weather } from './network';
import { Random } from './random';
import { realEngine } from './real-engine';
import { SimulatedWitness } from './witness';
import type { Conduct } from './witness';
import { WorldClock } from './world-clock';

export interface Scenario {
  readonly seed: number;
  readonly witnessCount: number;
  /** By seat; honest where none is given. */
  readonly conducts?: readonly Conduct[];
  readonly loss?: number;
  readonly partition?: boolean;
  readonly restarts?: boolean;
  readonly transactions?: number;
  /** Besides the witnesses: who serves is drawn anew every epoch, and epochs are short. */
  readonly candidates?: number;
  /** Each seat's clock is up to so far off, either way. */
  readonly skewSeconds?: number;
}

export interface Outcome {
  /** What broke, in words; empty where everything held. */
  readonly broken: readonly string[];
  readonly stableBlocks: number;
  readonly refusals: number;
}

const stormMs = 12_000;
const calmMs = 60_000;
const wallets = 5;
const pace = { gapMs: 20, turnPauseMs: 400 };
const disk = { flushMs: [1, 12], idleFlushMs: 200 } as const;
const walletRetryMs = 700;

/** With stand-ins for signatures and execution: milliseconds a seed. */
export function simulate(scenario: Scenario): Outcome {
  const run = stageOf(scenario, standIns(parametersOf(scenario), draws(scenario)));
  try {
    while (run.clock.step(stormMs + calmMs));
  } catch (error) {
    run.broken.push(error instanceof Error ? error.message : String(error));
  }
  return outcomeOf(run);
}

/** The same with the real signatures and the real executor: seconds a seed. Virtual time stands still while they work, so the run
 *  repeats as exactly. Sets do not change here: whoever is elected would have to draw tickets. */
export async function simulateReal({ candidates: _, ...scenario }: Scenario): Promise<Outcome> {
  const places = scenario.witnessCount + splitSeats(scenario).length;
  const engine = await realEngine(parametersOf({ ...scenario, candidates: 0 }, 12), places);
  const run = stageOf(scenario, engine);
  try {
    while (run.clock.step(stormMs + calmMs)) {
      for (const witness of run.witnesses) for (let work = witness.settle(); work !== null; work = witness.settle()) await work;
    }
  } catch (error) {
    run.broken.push(error instanceof Error ? error.message : String(error));
  }
  const outcome = outcomeOf(run);
  await engine.close();
  return outcome;
}

interface Run {
  readonly clock: WorldClock;
  readonly witnesses: readonly SimulatedWitness[];
  readonly transactions: readonly SimulatedTransaction[];
  readonly broken: string[];
}

function parametersOf({ witnessCount, candidates = 0 }: Scenario, epochLength = candidates > 0 ? 12 : 100): ChainParameters {
  return localParameters({ witnessCount, epochLength });
}

function stageOf(scenario: Scenario, engine: Engine): Run {
  const random = new Random(scenario.seed);
  const clock = new WorldClock();
  const count = scenario.witnessCount + (scenario.candidates ?? 0);
  const network = new Network(clock, random, {
    delayMs: [1, random.between(20, 300)],
    get loss() {
      return clock.nowMs < stormMs ? (scenario.loss ?? 0) : 0;
    },
    partitions: partitionsOf(scenario, random),
  });
  const skews = Array.from({ length: count }, () => (
    scenario.skewSeconds === undefined ? 0 : random.between(-scenario.skewSeconds, scenario.skewSeconds + 1)));
  const stage = { engine, clock, network, random, pace, disk, skew: (seat: number) => skews[seat] ?? 0 };
  const witnesses = Array.from({ length: count }, (_, seat) =>
    new SimulatedWitness(seat, scenario.conducts?.[seat] ?? 'honest', stage));
  const twins = splitSeats(scenario).map((seat, index) => new SimulatedWitness(seat, 'split', stage, count + index));
  const transactions = plan(scenario, { clock, random, witnesses, engine });
  return { clock, witnesses: [...witnesses, ...twins], transactions, broken: [] };
}

function outcomeOf({ witnesses, transactions, broken }: Run): Outcome {
  const honest = witnesses.filter((witness) => witness.conduct === 'honest');
  return {
    broken: [...broken, ...disagreements(honest), ...executions(honest, transactions)],
    stableBlocks: Math.max(...honest.map((witness) => witness.order.length)),
    refusals: honest.reduce((sum, witness) => sum + witness.refusals, 0),
  };
}

/** The genesis set in epochs 0 and 1, then W of all, drawn from the seed and the epoch. At most W - m liars are among them,
 *  because the liars are at most that many altogether. */
function draws({ seed, witnessCount, candidates = 0 }: Scenario): (epoch: number) => readonly Address[] {
  const everybody = Array.from({ length: witnessCount + candidates }, (_, seat) => witnessAddress(seat));
  const sets = new Map<number, readonly Address[]>();
  return (epoch) => {
    if (epoch <= 1 || candidates === 0) return everybody.slice(0, witnessCount);
    const known = sets.get(epoch);
    if (known !== undefined) return known;
    const draw = new Random(seed * 65_537 + epoch);
    const set = everybody.map((address) => ({ address, output: draw.next() }))
      .sort((a, b) => b.output - a.output).slice(0, witnessCount).map(({ address }) => address);
    sets.set(epoch, set);
    return set;
  };
}

function splitSeats({ conducts = [] }: Scenario): number[] {
  return conducts.flatMap((conduct, seat) => (conduct === 'split' ? [seat] : []));
}

function partitionsOf(scenario: Scenario, random: Random): Weather['partitions'] {
  const all = scenario.witnessCount + (scenario.candidates ?? 0);
  const seats = Array.from({ length: all }, (_, seat) => seat);
  const split = splitSeats(scenario);
  if (split.length > 0) {
    // One side: every other honest witness, and the second self of each split one. The liars never join their two selves.
    const honest = seats.filter((seat) => !split.includes(seat)).filter((_, index) => index % 2 === 0);
    const seconds = split.map((_, index) => all + index);
    return [{ fromMs: 0, toMs: stormMs, seats: [...honest, ...seconds] }];
  }
  if (scenario.partition !== true) return [];
  const fromMs = random.between(1000, 4000);
  return [{ fromMs, toMs: fromMs + random.between(1000, 6000), seats: seats.filter(() => random.chance(0.5)) }];
}

function plan(
  { transactions: count = 40, restarts, witnessCount }: Scenario,
  { clock, random, witnesses, engine }: {
    clock: WorldClock; random: Random; witnesses: readonly SimulatedWitness[]; engine: Engine;
  },
): SimulatedTransaction[] {
  const transactions = Array.from({ length: count }, (_, index) => engine.transaction(index % wallets, Math.floor(index / wallets)));
  for (const [index, transaction] of transactions.entries()) {
    const honest = witnesses.filter((witness) => witness.conduct === 'honest');
    const door = honest[random.between(0, honest.length)];
    let acknowledged = false;
    // A wallet says it again until it hears that the transaction is kept.
    const send = (): void => {
      if (acknowledged) return;
      door?.submit(transaction, () => { acknowledged = true; });
      clock.after(walletRetryMs, send);
    };
    // In the order of their nonces, as a wallet would.
    clock.after((index * stormMs) / count + random.between(0, 50), send);
  }
  if (restarts === true) {
    for (let at = 1500; at < stormMs; at += 2500) {
      const witness = witnesses[random.between(0, witnessCount)];
      clock.after(at, () => witness?.crash());
      clock.after(at + random.between(100, 2000), () => witness?.restart());
    }
  }
  return transactions;
}

/** Same final order everywhere: of any two orders one is a beginning of the other. */
function disagreements(honest: readonly SimulatedWitness[]): string[] {
  const longest = honest.reduce((best, witness) => (witness.declared.length > best.declared.length ? witness : best));
  return honest.flatMap((witness) => {
    const at = witness.declared.findIndex((hash, index) => longest.declared[index] !== hash);
    if (at !== -1) return [`witnesses ${witness.seat} and ${longest.seat} disagree on stable index ${at + 1}`];
    const last = witness.order.length - 1;
    return witness.summaryAt(last) === longest.summaryAt(last)
      ? [] : [`witnesses ${witness.seat} and ${longest.seat} computed different summaries at stable index ${last + 1}`];
  });
}

/** Everything that was sent has run after the calm, in the order of each account's nonces. At most once holds where the order
 *  is one: a transaction runs in the first block of it that links it. */
function executions(honest: readonly SimulatedWitness[], transactions: readonly SimulatedTransaction[]): string[] {
  return honest.flatMap((witness) => {
    const ran = new Set<Hash>(witness.order.flatMap((hash) => witness.links(hash)));
    const missing = transactions.filter(({ hash }) => !ran.has(hash));
    const nonces = new Map<string, number>();
    const byHash = new Map(transactions.map((transaction) => [transaction.hash, transaction]));
    const wrong = [...ran].filter((hash) => {
      const transaction = byHash.get(hash);
      if (transaction === undefined) return true;
      const expected = nonces.get(transaction.from) ?? 0;
      nonces.set(transaction.from, expected + 1);
      return transaction.nonce !== expected;
    });
    return [
      ...(missing.length > 0 ? [`witness ${witness.seat} lacks ${missing.length} transactions`] : []),
      ...(wrong.length > 0 ? [`witness ${witness.seat} ran ${wrong.length} transactions out of their account's order`] : []),
      ...witness.complaints(transactions),
    ];
  });
}
