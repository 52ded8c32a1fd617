import type { Actor, RequestContext } from '@oort/schema';
import type { GuestPhantoms } from './guest-phantoms';
import { officerDoor } from './officer-door';
import type { OfficerSeat } from './seats';

const officer = `0x${'0F'.repeat(20)}`;
const speaker = `0x${'0a'.repeat(20)}`;
const leaf = `0x${'ab'.repeat(32)}`;
const seat: OfficerSeat = {
  period: '7', committed: true, root: leaf, count: 1, endsAt: new Date('2026-01-01T00:01:00Z'), chainId: '33', court: `0x${'0c'.repeat(20)}`,
};
const account = (address: string): Actor => ({ kind: 'account', accountId: 'account_1', address });

type Answers = readonly { readonly __typename: string; readonly code?: string }[];
type Ask = (_: null, args: object, context: RequestContext) => Promise<Answers>;

function door(of: OfficerSeat | null, open = true): { handIn(actor: Actor, more?: object): Promise<Answers>; list(actor: Actor): Promise<Answers>; readonly taken: unknown[] } {
  const taken: unknown[] = [];
  const guests = {
    handIn: (...given: readonly unknown[]) => { taken.push(given); return Promise.resolve(null); },
    of: () => Promise.resolve([{ leaf, state: 'waiting', commitment: null }]),
  } as unknown as GuestPhantoms;
  const { Query, Mutation } = officerDoor({ seats: { seatOf: () => Promise.resolve(of), speakerOf: () => Promise.resolve(speaker) }, desk: () => (open ? { guests } : null) }) as unknown as { readonly Query: { readonly officerPhantoms: Ask }; readonly Mutation: { readonly handInPhantoms: Ask } };
  const context = (actor: Actor): RequestContext => ({ actor, requestId: 'r' });
  return {
    taken, list: (actor) => Query.officerPhantoms(null, { officer, period: '7' }, context(actor)),
    handIn: (actor, more = {}) => Mutation.handInPhantoms(null, { input: { officer, phantoms: [{ leaf, index: 0, path: [], spec: {}, ...more }] } }, context(actor)),
  };
}

it('takes phantoms of the officer and of its key, with what the chain says of the seat', async () => {
  const { handIn, taken } = door(seat);
  for (const address of [officer, officer.toLowerCase(), speaker]) expect(await handIn(account(address))).toMatchObject([{ __typename: 'OfficerPhantom', leaf, state: 'waiting' }]);
  expect(taken[0]).toEqual([
    { leaf, officer: officer.toLowerCase(), period: '7', chainId: '33', court: seat.court, spec: {}, until: '2026-01-01T00:01:00.000Z' }, { root: leaf, count: 1, index: 0, path: [] },
  ]);
});

it.each<[string, OfficerSeat | null, Actor, boolean]>([
  ['nobody', seat, { kind: 'anonymous' }, true], ['a node', seat, { kind: 'node', nodeId: 'node_1' }, true], ['another account', seat, account(`0x${'01'.repeat(20)}`), true],
  ['who was not drawn', null, account(officer), true], ['who has not committed', { ...seat, committed: false }, account(officer), true], ['anybody before the desk opens', seat, account(officer), false],
])('refuses %s', async (_, of, actor, open) => {
  const { handIn, taken } = door(of, open);
  expect(await handIn(actor)).toMatchObject([{ __typename: 'Refusal', code: 'NO_SEAT' }]);
  expect(taken).toEqual([]);
});

it('refuses what is no leaf or no path, and shows the phantoms to their officer alone', async () => {
  const { handIn, list } = door(seat);
  for (const more of [{ leaf: 'ab' }, { path: ['0x'] }, { path: Array.from({ length: 9 }, () => leaf) }]) expect(await handIn(account(officer), more)).toMatchObject([{ code: 'INVALID_INPUT' }]);
  expect(await list(account(`0x${'01'.repeat(20)}`))).toEqual([]);
  expect(await list(account(officer))).toHaveLength(1);
});
