import { orderStatement, settlementStatement, type Order } from '@oort/algorithms-possession';
import { newDeviceKey, verifySignature } from '@oort/kernel-identity';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { OrderBook } from './order-book';

const key = newDeviceKey();
const order = (fields: Partial<Order>): Order => ({
  action: 'get', nodeId: 'node_1', pieceId: 'piece_1', accountId: 'account_1', maximumBytes: 1000, expiresAt: '2026-01-01T00:00:00.000Z', serial: '1', ...fields });
const hashOf = (given: Order): Buffer => leafHash(orderStatement(given));

function bookOf(done: readonly (readonly [Order, number])[]): OrderBook {
  const book = new OrderBook({ nodeId: 'node_1', key });
  for (const [given, bytes] of done) book.note(orderStatement(given), given, bytes);
  return book;
}

it('signs the sum over the orders that it carried out, each once, and again when asked again', () => {
  const [first, second] = [order({}), order({ serial: '2' })];
  const book = bookOf([[first, 100], [second, 50]]);
  const orders = [first, second, first].map((given) => hashOf(given).toString('hex'));
  const settled = book.settle({ accountId: 'account_1', direction: 'out', orders });
  expect(settled).toMatchObject({ bytes: 150, unknown: [], orderRoot: merkleRoot([hashOf(first), hashOf(second)]).toString('hex') });
  expect(verifySignature(key.publicKey, settlementStatement(settled), settled.signature)).toBe(true);
  expect(book.settle({ accountId: 'account_1', direction: 'out', orders })).toEqual(settled);
});

it.each<[string, Order]>([
  ['it never saw', order({ serial: 'other' })], ['are another account\'s', order({ accountId: 'account_2' })],
  ['move the other way', order({ action: 'put' })], ['are the platform\'s own', order({ accountId: 'platform' })],
])('does not sign for orders that %s', (what, given) => {
  const book = bookOf(what === 'it never saw' ? [] : [[given, 10]]);
  expect(book.settle({ accountId: 'account_1', direction: 'out', orders: [hashOf(given).toString('hex')] })).toMatchObject({ bytes: 0, unknown: [0] });
});
