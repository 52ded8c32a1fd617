// A session at a platform's door for who holds a wallet's key (EIP-4361).
import type { Wallet } from 'ethers';
import { PlatformRefused, queryPlatform } from './query-platform';

interface Challenge { readonly signInChallenge: { readonly message?: string; readonly code?: string } }
interface SignedIn { readonly signIn: { readonly token?: string; readonly code?: string } }

const challengeMutation = `mutation Challenge($address: String!) {
  signInChallenge(input: { address: $address }) { ... on SignInChallenge { message } ... on Refusal { code } } }`;
const signInMutation = `mutation SignIn($message: String!, $signature: String!) {
  signIn(input: { message: $message, signature: $signature }) { ... on AccountSession { token } ... on Refusal { code } } }`;

/** The session's token. Throws PlatformRefused. */
export async function signIn(platform: string, wallet: Wallet): Promise<string> {
  const { signInChallenge: { message, code } } = await queryPlatform<Challenge>(platform, challengeMutation, { address: wallet.address });
  if (message === undefined) throw new PlatformRefused(`it gave no challenge to sign: ${String(code)}`);
  const { signIn: { token, code: refusal } } = await queryPlatform<SignedIn>(platform, signInMutation, { message, signature: await wallet.signMessage(message) });
  if (token === undefined) throw new PlatformRefused(`it refused the signature: ${String(refusal)}`);
  return token;
}
