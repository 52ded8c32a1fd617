// OLYMPUS.md section 2: a block whose links' nonces are not met yet is held, not invalid.
import { unmetNonce } from './nonces';
import { witnessAddress, World } from './world';

const account = witnessAddress(99);
const hash = (nonce: number): string => `0x${nonce.toString(16).padStart(64, 'e')}`;

function world(): World {
  const made = new World();
  for (let nonce = 0; nonce < 6; nonce += 1) made.transactions.set(hash(nonce), { from: account, nonce });
  return made;
}

test.each<[string, { linkedBelow: number[]; links: number[]; ran: number; unmet: number | null }]>([
  ['the next one', { linkedBelow: [], links: [0, 1], ran: 0, unmet: null }],
  ['one that has run already', { linkedBelow: [], links: [0], ran: 1, unmet: null }],
  ['after a gap', { linkedBelow: [], links: [2], ran: 0, unmet: 0 }],
  ['after a gap inside the block', { linkedBelow: [], links: [0, 2], ran: 0, unmet: 1 }],
  ['after what an ancestor links', { linkedBelow: [0, 1], links: [2], ran: 0, unmet: null }],
  ['after a gap that has run meanwhile', { linkedBelow: [], links: [2], ran: 2, unmet: null }],
])('%s', (_name, { linkedBelow, links, ran, unmet }) => {
  const made = world();
  made.write(0, linkedBelow.map(hash));
  const body = { ...made.draft(1, links.map(hash)), hash: '', signature: '' };
  expect(unmetNonce(body, made.around, made.dag.isStable, () => ran))
    .toEqual(unmet === null ? null : { kind: 'nonce', account, nonce: unmet });
});

test('what a sibling links does not count: the final order may put this block first', () => {
  const made = world();
  const body = { ...made.draft(1, [hash(1)]), hash: '', signature: '' };
  made.write(0, [hash(0)]);
  expect(unmetNonce(body, made.around, made.dag.isStable, () => 0)).toMatchObject({ kind: 'nonce', nonce: 0 });
});

test('what is stable and has not run yet counts as linked below', () => {
  const made = world();
  const first = made.write(0, [hash(0)]);
  for (let seat = 1; !made.dag.isStable(first.hash); seat += 1) made.write(seat % made.parameters.witnessCount);
  const body = { ...made.draft(0, [hash(1)]), hash: '', signature: '' };
  const none = (): boolean => false;
  expect(unmetNonce(body, made.around, none, () => 0)).toBeNull();
});
