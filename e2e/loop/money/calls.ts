// What GraphQL prepares, a wallet signs and the chain makes final.
import type { TransactionReceipt, Wallet } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import type { LoopContext } from '../step';

interface Prepared { readonly __typename: string; readonly to?: string; readonly data?: string; readonly valueWei?: string; readonly code?: string; readonly message?: string }

export class CallRefused extends Fault {
  constructor(mutation: string, code: string, message: string) { super('CALL_REFUSED', `${mutation}: ${code} ${message}`, { mutation, code }); }
}

/** `mutation` takes an input of the type of its name: `prepareVote(input: PrepareVoteInput!)`. */
export async function sendPrepared(
  context: LoopContext, wallet: Wallet, mutation: string, input: Readonly<Record<string, unknown>>, inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`,
): Promise<TransactionReceipt> {
  const document = `mutation Prepare($input: ${inputType}!) {
    ${mutation}(input: $input) { __typename ... on PreparedCall { to data valueWei } ... on Refusal { code message } }
  }`;
  const answer = await context.graphql<Readonly<Record<string, Prepared>>>(document, { input });
  return send(wallet, mutation, answer[mutation]);
}

export async function send(wallet: Wallet, what: string, call: Prepared | undefined): Promise<TransactionReceipt> {
  const { to, data, valueWei, code = 'NO_ANSWER', message = '' } = call ?? {};
  if (to === undefined || data === undefined) throw new CallRefused(what, code, message);
  const receipt = await (await wallet.sendTransaction({ to, data, value: BigInt(valueWei ?? '0') })).wait();
  if (receipt === null) throw new CallRefused(what, 'NOT_FINAL', 'no receipt');
  return receipt;
}
