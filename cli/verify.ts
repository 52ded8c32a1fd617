// `oort verify proof.json --rpc URL --genesis HASH`: trusts the genesis hash that it is given, and nothing else. An availability
// certificate needs neither: it carries the receipts of the nodes.
import { readFileSync } from 'node:fs';
import { AbiCoder, FetchRequest, Interface, zeroPadValue, toBeHex } from 'ethers';
import { certificateName, checkCertificate } from '@oort/algorithms-possession';
import { checkProof, type ProofDocument } from '@oort/algorithms-provenance';
import { Fault, type Json } from '@oort/kernel-wire';
import { provenLog, verifyReceiptOver, type ProvenReceipt } from '@oort/ledger-verifier';
import { contractAbis } from '@oort/schema';
import { readOptions, required } from './usage';

export class ProofRefused extends Fault {}

export interface Verified { readonly document: ProofDocument; readonly receipt: ProvenReceipt; readonly kinds: ReadonlyMap<string, number> }

const rpcTimeoutMs = 20_000;

/** Throws ProofRefused or NotProven with the first doubt. */
export async function verifyProofFile(file: string, rpc: string, genesisHash: string): Promise<Verified> {
  const check = checkProof(readFileSync(file, 'utf8'));
  if (!check.ok) throw new ProofRefused(check.refused, check.detail);
  const { anchor } = check.document;
  const receipt = await verifyReceiptOver(rpcRequest(rpc), genesisHash, anchor.txHash);
  const anchored = new Interface(contractAbis.Anchors).getEvent('Anchored');
  if (anchored === null) throw new ProofRefused('NO_SUCH_LOG', 'the Anchors contract has no such log');
  provenLog(receipt, {
    contract: 'Anchors', topics: [anchored.topicHash, zeroPadValue(toBeHex(anchor.treeSize), 32)],
    data: AbiCoder.defaultAbiCoder().encode(['bytes32'], [`0x${anchor.root}`]),
  });
  const kinds = new Map<string, number>();
  for (const { kind, subject } of check.statements) kinds.set(`${kind} ${subject}`, 1);
  return { document: check.document, receipt, kinds: counted([...kinds.keys()].map((key) => key.split(' ')[0] ?? '')) };
}

function counted(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function rpcRequest(url: string): (method: string, params: readonly Json[]) => Promise<Json> {
  let id = 0;
  return async (method, params) => {
    const request = new FetchRequest(url);
    request.timeout = rpcTimeoutMs;
    request.body = JSON.stringify({ jsonrpc: '2.0', id: id += 1, method, params });
    request.setHeader('content-type', 'application/json');
    const answer = (await request.send()).bodyJson as { readonly result?: Json; readonly error?: { readonly message: string } };
    if (answer.result === undefined) throw new ProofRefused('RPC_REFUSED', answer.error?.message ?? 'the RPC gave no answer');
    return answer.result;
  };
}

/** Of an availability certificate, offline. Throws ProofRefused. */
function verifiedCertificate(text: string, platformKey: string | undefined): string {
  const check = checkCertificate(text, platformKey ?? null);
  if (!check.ok) throw new ProofRefused(check.refused, check.detail);
  const { bucket, key, sizeBytes, segments, certifiedAt, platformKey: signer } = check.certificate;
  const receipts = segments.reduce((sum, { pieces }) => sum + pieces.length, 0);
  return `holds: ${bucket}/${key} of ${sizeBytes} bytes lay at ${certifiedAt} on nodes that signed ${receipts} receipts for ${segments.length} segments; any ${check.losses} of a segment's may be lost\n`
    + `${platformKey === undefined ? `signed by ${signer}; with --platform KEY it must be by that key` : `signed by the platform ${signer}`}\n`;
}

export async function verifyCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, { rpc: { type: 'string' }, genesis: { type: 'string' }, platform: { type: 'string' } });
  const text = readFileSync(required(positionals[0], 'the proof\'s file'), 'utf8');
  if (text.includes(certificateName)) {
    process.stdout.write(verifiedCertificate(text, values.platform));
    return;
  }
  const { document, receipt, kinds } = await verifyProofFile(
    required(positionals[0], 'the proof\'s file'), required(values.rpc, '--rpc'), required(values.genesis, '--genesis'));
  const origins = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
  process.stdout.write(`holds: ${document.subject} comes from ${origins}\n`
    + `anchored in block ${receipt.stableIndex} by ${document.anchor.txHash}, cited by ${receipt.signers.length} witnesses\n`);
}
