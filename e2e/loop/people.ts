// Accounts with wallets: signed in through GraphQL, funded from the local network's faucet account.
import { HDNodeWallet, Mnemonic, NonceManager, Wallet, parseEther, type JsonRpcProvider } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import type { GraphqlClient } from './graphql-client';
import type { Session } from './step';

export class SignInFailed extends Fault {}

/** The mnemonic that Ethereum's development tools share; worth nothing anywhere but here. */
const devMnemonic = 'test test test test test test test test test test test junk';
const faucetAccount = 9;
const giftOort = '5000';

export function devWallet(index: number, chain: JsonRpcProvider): Wallet {
  const node = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(devMnemonic), `m/44'/60'/0'/0/${index}`);
  return new Wallet(node.privateKey, chain);
}

export interface Faucet { give(addresses: readonly string[]): Promise<void> }

/** Gives each address the same amount; resolves when all of it is final. */
export function createFaucet(chain: JsonRpcProvider): Faucet {
  const signer = new NonceManager(devWallet(faucetAccount, chain));
  let turn: Promise<unknown> = Promise.resolve();
  async function send(addresses: readonly string[]): Promise<void> {
    const sent = [];
    for (const to of addresses) sent.push(await signer.sendTransaction({ to, value: parseEther(giftOort) }));
    await Promise.all(sent.map((transaction) => transaction.wait()));
  }
  return {
    give(addresses) {
      const mine = turn.then(() => send(addresses));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

interface Challenge { readonly signInChallenge: { readonly __typename: string; readonly message?: string; readonly code?: string } }
interface SignedIn { readonly signIn: { readonly __typename: string; readonly token?: string; readonly account?: { readonly id: string }; readonly code?: string } }

const challengeMutation = `mutation Challenge($address: String!) {
  signInChallenge(input: { address: $address }) { __typename ... on SignInChallenge { message } ... on Refusal { code } }
}`;
const signInMutation = `mutation SignIn($message: String!, $signature: String!) {
  signIn(input: { message: $message, signature: $signature }) { __typename ... on AccountSession { token account { id } } ... on Refusal { code } }
}`;

/** EIP-4361. Throws SignInFailed with the refusal's code. */
export async function signIn(wallet: Wallet, graphql: GraphqlClient): Promise<Session> {
  const { signInChallenge } = await graphql<Challenge>(challengeMutation, { address: wallet.address });
  const message = signInChallenge.message ?? '';
  if (message === '') throw new SignInFailed(signInChallenge.code ?? 'NO_CHALLENGE', 'no challenge to sign');
  const answer = (await graphql<SignedIn>(signInMutation, { message, signature: await wallet.signMessage(message) })).signIn;
  if (answer.token === undefined || answer.account === undefined) throw new SignInFailed(answer.code ?? 'NO_SESSION', 'the signature was refused');
  return { wallet, accountId: answer.account.id, token: answer.token };
}
