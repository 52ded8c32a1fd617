import { SeededRandom } from '@oort/algorithms-random';
import { leakOf, noAudits, tally, type AuditTally, type Leak } from './leak';

interface Kind { readonly onPhantoms: number; readonly onReplicas: number }

/** Nodes of these fault rates, audited by turns, six phantoms to four replicas; the first alarm, if any, and after how many audits. */
function watched(seed: number, kinds: readonly Kind[], audits: number): { readonly leak: Leak | null; readonly after: number } {
  const random = new SeededRandom(seed);
  const tallies = new Map<number, AuditTally>();
  for (let audit = 0; audit < audits; audit += 1) {
    const node = audit % kinds.length;
    const evidence = random.uniform() < 0.6 ? 'phantom' : 'replica';
    const { onPhantoms, onReplicas } = kinds[node] ?? honest;
    const failed = random.uniform() < (evidence === 'phantom' ? onPhantoms : onReplicas);
    tallies.set(node, tally(tallies.get(node) ?? noAudits, evidence, failed ? 'fail' : 'pass'));
    const leak = leakOf(tallies.values());
    if (leak !== null) return { leak, after: audit + 1 };
  }
  return { leak: null, after: audits };
}

const honest: Kind = { onPhantoms: 0.02, onReplicas: 0.02 };
const fleet = (others: readonly Kind[]): readonly Kind[] => [...Array.from({ length: 20 - others.length }, () => honest), ...others];

test('honest nodes and plain cheaters raise no alarm, looked at after each of 4,000 audits', () => {
  const kinds = fleet([{ onPhantoms: 0.3, onReplicas: 0.3 }, { onPhantoms: 0.5, onReplicas: 0.5 }]);
  for (let seed = 1; seed <= 20; seed += 1) expect(watched(seed, kinds, 4000).leak).toBeNull();
});

test.each([
  ['phantoms-recognised', { onPhantoms: 0, onReplicas: 0.3 }],
  ['replicas-collude', { onPhantoms: 0.3, onReplicas: 0 }],
] as const)('%s: three of twenty nodes that do it show within 3,000 audits of all', (leak, cheater) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const found = watched(seed, fleet([cheater, cheater, cheater]), 3000);
    expect(found.leak).toBe(leak);
  }
});

test('what is inconclusive, and a handful of audits, say nothing', () => {
  expect(tally(noAudits, 'phantom', 'inconclusive')).toBe(noAudits);
  expect(leakOf([{ phantomPasses: 9, phantomFailures: 0, replicaPasses: 0, replicaFailures: 4 }])).toBeNull();
  expect(leakOf([])).toBeNull();
});
