// Who turns a card into credits. Real providers are adapters of this port; the local network has a test one that says so in its name.
import { sha256Hex } from '@oort/kernel-wire';

export type Charge =
  | { readonly ok: true; readonly reference: string }
  | { readonly ok: false; readonly reason: string };

export interface PaymentProvider {
  readonly name: string;
  /** The same idempotency key charges once and answers the same. */
  charge(request: {
    readonly accountId: string;
    readonly amountMicroUsd: bigint;
    readonly card: string;
    readonly idempotencyKey: string;
  }): Promise<Charge>;
}

/** No money moves. The card numbers are those that payment providers publish for tests. */
export const testCard: PaymentProvider = {
  name: 'test-card',
  charge({ accountId, card, idempotencyKey }) {
    if (card !== '4242424242424242')
      return Promise.resolve({
        ok: false,
        reason: 'The test provider declines every card but 4242424242424242.',
      });
    return Promise.resolve({
      ok: true,
      reference: `test_${sha256Hex(`${accountId}/${idempotencyKey}`).slice(0, 24)}`,
    });
  },
};
