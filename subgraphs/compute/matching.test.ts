import { matchWork, type WaitingJob, type WaitingNode } from './matching';

const job = (jobId: string, change: Partial<WaitingJob> = {}): WaitingJob => ({ jobId, kind: 'inference', avoid: [], starving: false, ...change });
const node = (nodeId: string, change: Partial<WaitingNode> = {}): WaitingNode =>
  ({ nodeId, nodeKind: 'super', kinds: ['inference'], trust: 0.5, load: 0, room: 1, ...change });
const first = (): number => 0;

describe('matching', () => {
  it('gives a kind of work only to its kind of node, and to who asked for it', () => {
    const nodes = [node('edge', { nodeKind: 'edge', kinds: ['preprocess', 'inference'] }), node('busy', { kinds: ['training'] })];
    expect(matchWork([job('a')], nodes, first)).toEqual([]);
    expect(matchWork([job('p', { kind: 'preprocess' })], nodes, first)).toEqual([{ jobId: 'p', poller: 0 }]);
  });

  it('prefers trust, then the idle', () => {
    expect(matchWork([job('a')], [node('low', { trust: 0.1 }), node('high', { trust: 0.9 })], first)).toEqual([{ jobId: 'a', poller: 1 }]);
    expect(matchWork([job('a')], [node('high', { trust: 0.9, load: 3 }), node('low', { trust: 0.1 })], first)).toEqual([{ jobId: 'a', poller: 1 }]);
  });

  it('hands out no more than there is room for, evenly', () => {
    const nodes = [node('one', { room: 3 }), node('two', { room: 3 })];
    const matches = matchWork(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => job(id)), nodes, first);
    expect(matches.map(({ poller }) => poller).sort()).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('picks at random among the best few', () => {
    const nodes = [0.9, 0.8, 0.7, 0.1, 0.1].map((trust, index) => node(String(index), { trust }));
    const picked = new Set([0, 0.34, 0.67, 0.999].map((value) => matchWork([job('a')], nodes, () => value)[0]?.poller));
    expect([...picked]).toEqual([0, 1, 2]);
  });

  it('goes elsewhere after a failure, unless nobody else comes', () => {
    const nodes = [node('failed'), node('fresh', { trust: 0 })];
    expect(matchWork([job('a', { avoid: ['failed'] })], nodes, first)).toEqual([{ jobId: 'a', poller: 1 }]);
    expect(matchWork([job('a', { avoid: ['failed'] })], nodes.slice(0, 1), first)).toEqual([]);
    expect(matchWork([job('a', { avoid: ['failed'], starving: true })], nodes.slice(0, 1), first)).toEqual([{ jobId: 'a', poller: 0 }]);
  });
});
