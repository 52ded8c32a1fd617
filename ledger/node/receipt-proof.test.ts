// A real node makes the proof; then every way in which an RPC may lie about it must be refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Wallet, encodeRlp, getBytes, hexlify, id } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { decodeBlock, encodeBlock, signBlock } from '@oort/ledger-chain';
import { NotProven, provenLog, verifyReceipt, verifyReceiptOver } from '@oort/ledger-verifier';
import type { Doubt, ReceiptProof } from '@oort/ledger-verifier';
import { contractAbis, localParameters } from '@oort/schema';
import { developmentWallet } from './development-accounts';
import { localGenesis } from './local-genesis';
import { openNode } from './node';
import type { OlympusNode } from './node';

const directory = mkdtempSync(join(tmpdir(), 'olympus-'));
const platform = developmentWallet(8);
const anchors = new Interface(contractAbis.Anchors);
const root = id('the root of the log');
let node: OlympusNode;
let transaction: string;
let genesis: Json;
let proof: ReceiptProof;

async function send(data: string, to: string, nonce: number): Promise<string> {
  const raw = await platform.signTransaction({ to, data, nonce, gasLimit: 200_000n, gasPrice: 1_000_000_000n, type: 0, chainId: 97031 });
  return (await node.request('eth_sendRawTransaction', [raw])) as string;
}

async function proofOf(hash: string): Promise<Json> {
  for (;;) {
    const found = await node.request('olympus_receiptProof', [hash]);
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

beforeAll(async () => {
  node = await openNode({ directory, genesis: localGenesis(platform.address, localParameters) });
  const contracts = (await node.request('olympus_contracts')) as Record<string, string>;
  const to = contracts['Anchors'] ?? '';
  const hashes = await Promise.all([1, 2, 3].map((size, nonce) => send(anchors.encodeFunctionData('anchor', [size, root]), to, nonce)));
  transaction = hashes[1] ?? '';
  genesis = await node.request('olympus_genesis');
  proof = (await proofOf(transaction)) as unknown as ReceiptProof;
});

afterAll(async () => {
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

const wanted = { contract: 'Anchors', topics: [id('Anchored(uint64,bytes32)'), `0x${'2'.padStart(64, '0')}`], data: root };

function verify(changed: Partial<ReceiptProof>): ReturnType<typeof verifyReceipt> {
  const whole = { ...proof, ...changed };
  const sets = whole.sets.map((each) => ({ ...each }));
  return verifyReceipt({ genesisHash: node.genesisHash, transaction, genesis, proof: { ...whole, sets } });
}

function doubtOf(act: () => unknown): Doubt | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof NotProven) return error.doubt;
    throw error;
  }
}

test('a log of a system contract is proven from the genesis hash alone', async () => {
  const receipt = await verifyReceiptOver(node.request, node.genesisHash, transaction);
  expect(provenLog(receipt, wanted)).toMatchObject({ topics: wanted.topics, data: root });
  expect(new Set(receipt.signers).size).toBe(2);
});

test('another log is not', async () => {
  const receipt = await verifyReceiptOver(node.request, node.genesisHash, transaction);
  expect(doubtOf(() => provenLog(receipt, { ...wanted, data: id('another root') }))).toBe('LOG_NOT_EMITTED');
});

test('each transaction is provable soon after it is stable, also the last before a silence', async () => {
  const contracts = (await node.request('olympus_contracts')) as Record<string, string>;
  const last = await send(anchors.encodeFunctionData('anchor', [9, root]), contracts['Anchors'] ?? '', 3);
  await proofOf(last);
  expect((await verifyReceiptOver(node.request, node.genesisHash, last)).status).toBe(1);
});

test('no flipped byte of the proof passes', () => {
  const fields = ['block', 'receiptProof', 'summaries', 'citations'] as const;
  let tried = 0;
  for (const field of fields) {
    const parts: readonly string[] = field === 'block' ? [proof.block] : proof[field];
    for (const [position, part] of parts.entries()) {
      const bytes = getBytes(part);
      for (let at = 0; at < bytes.length; at += Math.max(1, Math.floor(bytes.length / 12))) {
        const flipped = new Uint8Array(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        const changed = parts.map((each, index) => (index === position ? hexlify(flipped) : each));
        // The signature of X itself is not what the proof rests on: what its bytes are does not matter.
        const signatureOfBlock = field === 'block' && at >= bytes.length - 65;
        const doubt = doubtOf(() => verify({ [field]: field === 'block' ? changed[0] : changed }));
        if (!signatureOfBlock) expect([field, position, at, doubt]).not.toEqual([field, position, at, null]);
        tried += 1;
      }
    }
  }
  expect(tried).toBeGreaterThan(60);
});

describe('a lying RPC is refused', () => {
  const stranger = Wallet.createRandom();
  const forge = (wire: string): string =>
    encodeBlock(signBlock({ ...decodeBlock(wire), from: stranger.address.toLowerCase() }, stranger.privateKey));

  test.each<[string, Doubt, () => unknown]>([
    ['another genesis document', 'GENESIS_OF_ANOTHER_CHAIN', () =>
      verifyReceipt({ genesisHash: node.genesisHash, transaction, proof: proof as unknown as Json,
        genesis: { ...(genesis as { [key: string]: Json }), witnesses: [stranger.address.toLowerCase()] } })],
    ['no genesis document', 'GENESIS_MALFORMED', () =>
      verifyReceipt({ genesisHash: node.genesisHash, transaction, genesis: null, proof: proof as unknown as Json })],
    ['no proof', 'PROOF_MISSING', () => verifyReceipt({ genesisHash: node.genesisHash, transaction, genesis, proof: null })],
    ['something else', 'PROOF_MALFORMED', () => verifyReceipt({ genesisHash: node.genesisHash, transaction, genesis, proof: [1] })],
    ['the receipt of a neighbour', 'TRANSACTION_NOT_IN_BLOCK', () => verify({ position: proof.position === 0 ? 1 : 0 })],
    ['an empty receipt proof', 'RECEIPT_NOT_IN_ROOT', () => verify({ receiptProof: [] })],
    ['no summaries', 'SUMMARY_OF_ANOTHER_BLOCK', () => verify({ summaries: [] })],
    ['a gap between summaries', 'SUMMARIES_NOT_LINKED', () =>
      verify({ summaries: [proof.summaries[0] ?? '', proof.summaries[0] ?? ''] })],
    ['a block signed by a stranger', 'CITATION_NOT_OF_A_WITNESS', () => verify({ citations: proof.citations.map(forge) })],
    ['a block signed in another\'s name', 'CITATION_NOT_SIGNED', () => verify({ citations: proof.citations.map((wire) =>
      encodeBlock({ ...decodeBlock(wire), signature: decodeBlock(forge(wire)).signature })) })],
    ['a block that cites something else', 'CITATION_OF_ANOTHER_SUMMARY', () =>
      verify({ citations: [proof.block, ...proof.citations] })],
    ['one witness only', 'TOO_FEW_WITNESSES', () => verify({ citations: proof.citations.slice(0, 1) })],
    ['one witness twice', 'TOO_FEW_WITNESSES', () =>
      verify({ citations: [proof.citations[0] ?? '', proof.citations[0] ?? ''] })],
    ['no RLP', 'PROOF_MALFORMED', () => verify({ summaries: ['0xff'] })],
    ['a summary of three items', 'PROOF_MALFORMED', () => verify({ summaries: [encodeRlp(['0x01', '0x02', '0x03'])] })],
  ])('%s: %s', (_lie, doubt, act) => expect(doubtOf(act)).toBe(doubt));
});
