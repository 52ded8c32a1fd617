import { demandOf } from './demand';
import { matchWork, scoreOf, type Demand, type Line, type WaitingJob, type WaitingNode } from './matching';

const job = (jobId: string, change: Partial<WaitingJob> = {}): WaitingJob => ({ jobId, avoid: [], starving: false, ...change });
const demand = (change: Partial<Demand> = {}): Demand => ({ ...demandOf('inference', {}), ...change });
const line = (jobs: readonly WaitingJob[], change: Partial<Demand> = {}): Line => ({ demand: demand(change), jobs });
const node = (nodeId: string, change: Partial<WaitingNode> = {}): WaitingNode => ({
  nodeId, nodeKind: 'super', kinds: ['inference'], operator: '0xaa', region: 'eu', runtimeClass: 'cpu', sandbox: 'process', gpu: false, offline: false,
  cores: 4, memoryMb: 8192, trust: 0.5, askBasisPoints: 10_000, load: 0, room: 1, ...change,
});
const first = (): number => 0;

describe('matching', () => {
  it('gives a kind of work only to its kind of node, and to who asked for it', () => {
    const nodes = [node('edge', { nodeKind: 'edge', kinds: ['preprocess', 'inference'] }), node('busy', { kinds: ['training'] })];
    expect(matchWork([line([job('a')])], nodes, first)).toEqual([]);
    expect(matchWork([line([job('p')], { kind: 'preprocess' })], nodes, first)).toEqual([{ jobId: 'p', poller: 0 }]);
  });

  it.each<readonly [string, Partial<WaitingNode>, Partial<WaitingNode>]>([
    ['trust', { trust: 0.1 }, { trust: 0.9 }],
    ['the idle, even before trust', { trust: 0.9, load: 3 }, { trust: 0.1 }],
    ['the cheap', {}, { askBasisPoints: 8_000 }],
    ['who is where the inputs lie', {}, { region: 'us' }],
  ])('prefers %s', (_, worse, better) => {
    expect(matchWork([line([job('a')], { near: ['us'], bidBasisPoints: 20_000 })], [node('worse', worse), node('better', better)], first)).toEqual([{ jobId: 'a', poller: 1 }]);
  });

  it.each<readonly [string, Partial<Demand>, Partial<WaitingNode>]>([
    ['dearer than the bid', { bidBasisPoints: 9_000 }, {}],
    ['elsewhere', { regions: ['us'] }, {}],
    ['of an operator that is not wanted', { notOperators: ['0xAA'] }, {}],
    ['of another runtime class', { runtimeClass: 'cuda' }, {}],
    ['trusted too little', { minimumTrust: 0.6 }, {}],
    ['too small', { memoryMb: 9_000 }, {}],
    ['without enough cores', { cores: 8 }, {}],
    ['without a GPU', { gpu: true }, {}],
    ['without a network, where there is no deadline', {}, { offline: true }],
    ['behind a weaker wall', { sandbox: 'oci' }, { sandbox: 'bubblewrap' }],
  ])('asks no node that is %s', (_, wanted, offered) => {
    expect(matchWork([line([job('a')], wanted)], [node('one', offered)], first)).toEqual([]);
    expect(matchWork([line([job('a')], { datable: true })], [node('one', offered)], first)).toHaveLength(1);
  });

  it('hands out no more than there is room for, evenly', () => {
    const nodes = [node('one', { room: 3 }), node('two', { room: 3 })];
    const matches = matchWork([line(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => job(id)))], nodes, first);
    expect(matches.map(({ poller }) => poller).sort()).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('picks at random among the best few', () => {
    const nodes = [0.9, 0.8, 0.7, 0.1, 0.1].map((trust, index) => node(String(index), { trust }));
    const picked = new Set([0, 0.34, 0.67, 0.999].map((value) => matchWork([line([job('a')])], nodes, () => value)[0]?.poller));
    expect([...picked]).toEqual([0, 1, 2]);
  });

  it('goes elsewhere after a failure, unless nobody else comes', () => {
    const nodes = [node('failed'), node('fresh', { trust: 0 })];
    expect(matchWork([line([job('a', { avoid: ['failed'] })])], nodes, first)).toEqual([{ jobId: 'a', poller: 1 }]);
    expect(matchWork([line([job('a', { avoid: ['failed'] })])], nodes.slice(0, 1), first)).toEqual([]);
    expect(matchWork([line([job('a', { avoid: ['failed'], starving: true })])], nodes.slice(0, 1), first)).toEqual([{ jobId: 'a', poller: 0 }]);
  });

  it('keeps to room, walls and prices among many nodes, and gives more to better ones', () => {
    let seed = 1;
    const random = (): number => { seed = (seed * 48_271) % 2_147_483_647; return seed / 2_147_483_647; };
    const nodes = Array.from({ length: 2000 }, (_, index) => node(String(index), {
      trust: random(), region: index % 2 === 0 ? 'eu' : 'us', askBasisPoints: 8_000 + Math.round(random() * 4_000), room: 4 }));
    const matches = matchWork([line(Array.from({ length: 300 }, (_, index) => job(String(index))), { near: ['eu'] })], nodes, random);
    expect(matches).toHaveLength(300);
    const chosen = matches.flatMap(({ poller }) => nodes[poller] ?? []);
    const mean = (of: readonly WaitingNode[], value: (one: WaitingNode) => number): number => of.reduce((sum, one) => sum + value(one), 0) / of.length;
    const asked = nodes.filter(({ askBasisPoints }) => askBasisPoints <= 10_000);
    expect(Math.max(...chosen.map(({ askBasisPoints }) => askBasisPoints))).toBeLessThanOrEqual(10_000);
    expect(mean(chosen, ({ trust }) => trust)).toBeGreaterThan(mean(asked, ({ trust }) => trust) + 0.1);
    expect(mean(chosen, ({ askBasisPoints }) => askBasisPoints)).toBeLessThan(mean(asked, ({ askBasisPoints }) => askBasisPoints));
    expect(mean(chosen, ({ region }) => (region === 'eu' ? 1 : 0))).toBeGreaterThan(0.8);
    expect(mean(chosen, (one) => scoreOf(demand(), one, 0))).toBeGreaterThan(mean(asked, (one) => scoreOf(demand(), one, 0)));
  });
});
