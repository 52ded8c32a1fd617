// The node's answers in the terms of the subgraph.
import { getAddress, isAddress } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import type { Ledger } from '@oort/schema';
import type { Chain } from './chain';

type Answer = { readonly [name: string]: Json };

export interface ChainBlock { readonly number: number; readonly hash: Json | undefined; readonly summary: Json | undefined; readonly author: Json | undefined; readonly timestamp: string; readonly transactions: Json | undefined }

export async function blockAt(ledger: Ledger, number: number): Promise<ChainBlock | null> {
  const block = await ledger.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]) as Answer | null;
  return block === null ? null : {
    number, hash: block['hash'], summary: block['stateRoot'], author: block['miner'], timestamp: new Date(Number(block['timestamp']) * 1000).toISOString(),
    transactions: block['transactions'],
  };
}

export async function transaction(ledger: Ledger, chain: Chain, hash: string): Promise<object | null> {
  const found = await ledger.request('eth_getTransactionByHash', [hash]) as Answer | null;
  if (found === null) return null;
  const receipt = await ledger.request('eth_getTransactionReceipt', [hash]) as Answer | null;
  const number = receipt === null ? null : Number(receipt['blockNumber']);
  const logs = number === null ? [] : (await chain.logs(number, number)).filter((log) => log.txHash === hash);
  return {
    hash, from: found['from'], to: found['to'], valueWei: BigInt(String(found['value'])).toString(), nonce: Number(found['nonce']), input: found['input'],
    final: receipt !== null, succeeded: receipt === null ? null : Number(receipt['status']) === 1, blockNumber: number,
    blockHash: receipt?.['blockHash'] ?? null, gasUsed: receipt === null ? null : Number(receipt['gasUsed']), logs,
  };
}

/** Null for what is no address. */
export async function account(ledger: Ledger, chain: Chain, address: string): Promise<object | null> {
  if (!isAddress(address)) return null;
  const checked = getAddress(address);
  const [balance, nonce] = await Promise.all([ledger.request('eth_getBalance', [checked, 'latest']), ledger.request('eth_getTransactionCount', [checked, 'latest'])]);
  const contract = [...chain.contracts].find(([, at]) => at === checked)?.[0] ?? null;
  return { address: checked, balanceWei: BigInt(String(balance)).toString(), nonce: Number(nonce), contract };
}

/** Null for an epoch that has not begun; the one that the chain is in without a number. */
export async function epochAt(ledger: Ledger, number: number | null): Promise<object | null> {
  const status = await ledger.request('status') as Answer;
  const [current, length] = [Number(status['epoch']), Number(status['epoch_period'])];
  const epoch = number ?? current;
  if (epoch < 0 || epoch > current) return null;
  const [witnesses, approves, work] = await Promise.all([
    ledger.request('witness_list', [epoch]) as Promise<readonly string[] | null>,
    ledger.request('epoch_approves', [epoch]) as Promise<readonly Answer[]>,
    ledger.request('epoch_work_transaction', [epoch]) as Promise<Answer | null>,
  ]);
  return {
    number: epoch, firstMci: epoch * length, lastMci: (epoch + 1) * length - 1,
    witnesses: witnesses?.map((address) => ({ address: getAddress(address) })) ?? null,
    approves,
    work: (work?.['shares'] as readonly Answer[] | undefined)?.map(({ witness, points, wei }) => ({
      witness: getAddress(String(witness)), points, paidWei: BigInt(String(wei)).toString(),
    })) ?? null,
  };
}
