// How long from sending a transaction until the witness that took it sees it final: 14 witnesses, 50 ms between any two, 1 ms to flush,
// on the simulator's clock, so the figure is the protocol's own and the same on every machine.
import { finalityTimes } from '@oort/ledger-simulator';
import { figure, type Figure } from './figure';

const transactions = 61;
const network = { witnessCount: 14, delayMs: 50, flushMs: 1, transactions, pace: { gapMs: 15, turnPauseMs: 150 }, seed: 1 };

export function finalityFigures(): readonly Figure[] {
  const median = (everyMs: number): number => finalityTimes({ ...network, everyMs })[(transactions - 1) / 2] ?? Infinity;
  return [
    figure({
      name: 'send to stable, 14 witnesses 50 ms apart, simulated clock, one at a time, median', unit: 'ms', better: 'lower',
      ours: median(3000), aim: { kind: 'absolute', value: 1000 },
    }),
    figure({
      name: 'send to stable, 14 witnesses 50 ms apart, simulated clock, ten a second, median', unit: 'ms', better: 'lower', ours: median(100),
    }),
  ];
}
