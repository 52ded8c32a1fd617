// Who reads: nobody, an account that owns nothing, and a node that was enrolled and given no work.
import { randomBytes } from 'node:crypto';
import { Fault, sha256Hex } from '@oort/kernel-wire';
import { newDeviceKey, signRequest, signWith, type DeviceKey } from '@oort/kernel-identity';
import { enrolmentStatement } from '@oort/schema/statements';
import type { LoopContext, Session } from '../loop/step';

export class NotEnrolled extends Fault {}

export interface Stranger {
  readonly name: string;
  /** For a request whose body is `body`. */
  headers(method: string, path: string, body: string): Readonly<Record<string, string>>;
  readonly session: Session | null;
}

interface TokenAnswer { readonly createEnrolmentToken: { readonly token?: string; readonly code?: string } }
interface Enrolled { readonly enrolNode: { readonly nodeId?: string; readonly code?: string } }

const tokenMutation = `mutation Token($operator: String!) {
  createEnrolmentToken(input: { kind: super, operator: $operator }) { ... on EnrolmentToken { token } ... on Refusal { code } }
}`;
const enrolMutation = `mutation Enrol($input: EnrolNodeInput!) {
  enrolNode(input: $input) { ... on NodeEnrolment { nodeId } ... on Refusal { code } }
}`;

export async function strangersOf(context: LoopContext): Promise<readonly Stranger[]> {
  const account = await context.person('stranger');
  const node = await enrol(context, account);
  return [
    { name: 'nobody', session: null, headers: () => ({}) },
    { name: 'another account', session: account, headers: () => ({ authorization: `Bearer ${account.token}` }) },
    { name: 'another node', session: null, headers: (method, path, body) => signRequest({ ...node, method, path, body, now: new Date() }) },
  ];
}

async function enrol(context: LoopContext, account: Session): Promise<{ readonly nodeId: string; readonly key: DeviceKey }> {
  const operator = account.wallet.address;
  const { createEnrolmentToken: { token = '' } } = await context.graphql<TokenAnswer>(tokenMutation, { operator }, account);
  const key = newDeviceKey();
  const profile = { publicKey: key.publicKey, name: `stranger-${randomBytes(4).toString('hex')}`, operator, region: 'local', network: 'local', runtimeClass: 'none', endpoint: null };
  const signature = signWith(key, enrolmentStatement({ tokenHash: sha256Hex(token), ...profile }));
  const { enrolNode } = await context.graphql<Enrolled>(enrolMutation, { input: { token, ...profile, signature } });
  if (enrolNode.nodeId === undefined) throw new NotEnrolled(enrolNode.code ?? 'NOT_ENROLLED', 'the stranger\'s node was not enrolled');
  return { nodeId: enrolNode.nodeId, key };
}
