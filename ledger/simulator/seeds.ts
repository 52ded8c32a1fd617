// What a seed stands for: size, weather and liars are drawn from it, always within what the rules promise to survive.
import { majorityOf } from '@oort/ledger-chain';
import { Random } from './random';
import type { Scenario } from './simulate';
import type { Conduct } from './witness';

const conducts: readonly Conduct[] = ['fork', 'withhold', 'wrong-citation', 'silent'];

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed ^ 0x5eed);
  const witnessCount = [1, 3, 4, 4, 4, 5, 7, 7][random.between(0, 8)] ?? 4;
  const liars = random.chance(0.6) ? random.between(0, witnessCount - majorityOf(witnessCount) + 1) : 0;
  const candidates = random.chance(0.3) && witnessCount > 1 ? random.between(1, 4) : 0;
  return {
    seed,
    witnessCount,
    conducts: Array.from({ length: liars }, () => conducts[random.between(0, conducts.length)] ?? 'fork'),
    loss: random.chance(0.6) ? random.next() * 0.3 : 0,
    partition: random.chance(0.4),
    restarts: random.chance(0.5),
    transactions: random.between(5, 40),
    ...(candidates > 0 ? { candidates } : {}),
    ...(random.chance(0.3) ? { skewSeconds: random.between(1, 6) } : {}),
  };
}
