import { durabilityReport, type PlacedNode } from './durability-report';

const assumptions = { failuresPerYear: 0.05, operatorLossesPerYear: 0.01, repairHours: 24 };
const nodesOf = (operators: readonly string[]): PlacedNode[] => operators.map((operator, index) => ({ nodeId: `node_${index}`, operator, online: true, status: 'active' }));
const six = nodesOf(['a', 'b', 'c', 'd', 'e', 'f']);
const group = { k: 3, n: 6, nodeIds: six.map(({ nodeId }) => nodeId), segments: 10, bytes: 1000 };

it('is the chain of the code when nothing is missing and operators never go', () => {
  const { annualLoss, codes } = durabilityReport([group], six, { ...assumptions, operatorLossesPerYear: 0 });
  expect(annualLoss / 4.6e-11).toBeCloseTo(1, 1);
  expect(codes).toMatchObject([{ k: 3, n: 6, segments: 10, bytes: 1000, incomplete: 0, oneOperatorLoses: 0 }]);
});

it('says that repair helps most where pieces are missing', () => {
  const away = six.map((node, index) => (index < 2 ? { ...node, online: false } : node));
  const { annualLoss, codes, improvements } = durabilityReport([group], away, assumptions);
  expect(codes).toMatchObject([{ incomplete: 10 }]);
  expect(annualLoss).toBeGreaterThan(1e-8);
  expect(improvements.map(({ what }) => what)).toContain('every segment has all its pieces again');
  for (const { annualLoss: better } of improvements) expect(better).toBeLessThan(annualLoss);
});

it('finds segments that one operator alone could lose, and says what to do', () => {
  const { codes, improvements } = durabilityReport([group], nodesOf(['a', 'a', 'a', 'a', 'b', 'c']), assumptions);
  expect(codes).toMatchObject([{ oneOperatorLoses: 10 }]);
  expect(codes[0]?.annualLoss).toBeCloseTo(0.01, 3);
  expect(improvements.map(({ what }) => what)).toContain('no operator has two pieces of a segment');
});

it('knows what cannot be read now, and an empty catalogue', () => {
  expect(durabilityReport([{ ...group, nodeIds: ['node_0', 'node_1'] }], six, assumptions).annualLoss).toBe(1);
  expect(durabilityReport([], six, assumptions)).toMatchObject({ annualLoss: 0, codes: [] });
});
