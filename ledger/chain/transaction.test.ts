// OLYMPUS.md section 2: a row for every refusal that needs no state, in the order of precedence.
import { Transaction, Wallet } from 'ethers';
import type { TransactionLike } from 'ethers';
import { liveParameters, localParameters } from './parameters';
import { parseTransaction } from './transaction';
import type { TransactionRefusal } from './transaction';

const wallet = new Wallet(`0x${'01'.repeat(32)}`);
const valid: TransactionLike = {
  type: 0, chainId: 97031, nonce: 3, gasLimit: 21_000n, gasPrice: 1_000_000_000n, to: wallet.address, value: 5n, data: '0x',
};
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const signed = (changes: TransactionLike = {}): Promise<string> => wallet.signTransaction({ ...valid, ...changes });

async function withHighS(): Promise<string> {
  const transaction = Transaction.from(await signed());
  const { r, s, yParity } = transaction.signature!;
  const high = (order - BigInt(s)).toString(16).padStart(64, '0');
  const wire = transaction.serialized.replace(s.slice(2), high);
  // v of EIP-155 is chainId * 2 + 35 + yParity: the other s goes with the other parity.
  const v = (parity: number): string => (97031 * 2 + 35 + parity).toString(16).padStart(6, '0');
  return wire.replace(`${v(yParity)}a0${r.slice(2)}`, `${v(1 - yParity)}a0${r.slice(2)}`);
}

test('a valid one', async () => {
  const raw = await signed();
  expect(parseTransaction(raw, localParameters())).toMatchObject({
    ok: true,
    transaction: {
      hash: Transaction.from(raw).hash, from: wallet.address.toLowerCase(), nonce: 3, raw,
      fields: { gasLimit: 21_000n, gasPrice: 1_000_000_000n, value: 5n },
    },
  });
});

test.each<[TransactionRefusal['code'], string, () => string | Promise<string>]>([
  ['TRANSACTION_MALFORMED', 'not RLP', () => '0x1234'],
  ['TRANSACTION_MALFORMED', 'unsigned', () => Transaction.from(valid).unsignedSerialized],
  ['TRANSACTION_MALFORMED', 'bytes behind the end', async () => `${await signed()}00`],
  ['TRANSACTION_MALFORMED', 'the higher s (EIP-2)', withHighS],
  ['TRANSACTION_TYPE_NOT_TAKEN', 'blobs', () => signed({
    type: 3, gasPrice: null, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 0n, maxFeePerBlobGas: 1n, blobVersionedHashes: [`0x01${'00'.repeat(31)}`],
  })],
  ['TRANSACTION_OF_ANOTHER_CHAIN', 'chain 970', () => signed({ chainId: 970 })],
  ['TRANSACTION_OF_ANOTHER_CHAIN', 'no chain id (before EIP-155)', () => signed({ chainId: 0 })],
  ['TRANSACTION_GAS_TOO_HIGH', '50,000,001', () => signed({ gasLimit: 50_000_001n })],
  ['TRANSACTION_DATA_TOO_LONG', '131,073 bytes', () => signed({ data: `0x${'00'.repeat(131_073)}` })],
  ['TRANSACTION_PRICE_NOT_TAKEN', 'below the base fee', () => signed({ gasPrice: 999_999_999n })],
])('%s: %s', async (code, _name, make) => {
  expect(parseTransaction(await make(), localParameters())).toMatchObject({ ok: false, refusal: { code } });
});

test('the live chain takes legacy transactions at its one price only', async () => {
  const at = (changes: TransactionLike): Promise<string> => signed({ chainId: 970, ...changes });
  const codeOf = async (raw: Promise<string>): Promise<string> => {
    const parsed = parseTransaction(await raw, liveParameters());
    return parsed.ok ? 'taken' : parsed.refusal.code;
  };
  expect(await codeOf(at({ gasPrice: 100_000_000_000n }))).toBe('taken');
  expect(await codeOf(at({ gasPrice: 100_000_000_001n }))).toBe('TRANSACTION_PRICE_NOT_TAKEN');
  expect(await codeOf(at({ type: 2, gasPrice: null, maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 0n })))
    .toBe('TRANSACTION_TYPE_NOT_TAKEN');
});
