// Who this machine is. The key is on disk before anybody hears of it, so an enrolment whose answer was lost is simply asked again.
import { arch, platform as operatingSystem, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDeviceKey, signWith, type DeviceKey } from '@oort/kernel-identity';
import { Fault, sha256Hex } from '@oort/kernel-wire';
import { enrolmentStatement, operatorOfToken } from '@oort/schema/statements';
import type { NodeKind } from '@oort/schema/events/nodes';
import { installedGpu } from './gpu';
import { platformClient, PlatformUnreachable } from './platform-client';
import { readState, writeState } from './state-file';

export class EnrolmentRefused extends Fault {
  constructor(code: string, message: string) { super('ENROLMENT_REFUSED', message, { code }); }
}

export interface EnrolmentOptions {
  readonly kind: NodeKind;
  readonly directory: string;
  readonly platform: string;
  readonly ingest: string;
  /** Who is paid; default: who the token was issued for. */
  readonly operator?: string;
  /** Needed the first time only. */
  readonly token?: string;
  readonly name?: string;
  readonly region?: string;
  readonly network?: string;
}

export interface Identity {
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly operator: string;
  readonly key: DeviceKey;
  /** Ed25519, hex: whose orders the node obeys. */
  readonly platformPublicKey: string;
  /** Where it enrolled, for commands that find the agent by its directory. */
  readonly platform?: string;
  readonly ingest?: string;
}

/** Machines of one class give the same answers bit for bit. */
export const runtimeClass = `onnxruntime-1.30-cpu-${operatingSystem()}-${arch()}`;

type Answer = { readonly enrolNode:
  | { readonly __typename: 'NodeEnrolment'; readonly nodeId: string; readonly platformPublicKey: string }
  | { readonly __typename: 'Refusal'; readonly code: string; readonly message: string } };

const mutation = `mutation Enrol($input: EnrolNodeInput!) {
  enrolNode(input: $input) { __typename ... on NodeEnrolment { nodeId platformPublicKey } ... on Refusal { code message } }
}`;
const patienceMs = 60_000;

/** Reads the identity from the directory, or enrols. Throws EnrolmentRefused, PlatformUnreachable after a minute. */
export async function enrolled(options: EnrolmentOptions): Promise<Identity> {
  const path = join(options.directory, 'identity.json');
  const known = readState<Identity>(path);
  if (known !== null) return known;
  if (options.token === undefined) throw new EnrolmentRefused('NO_TOKEN', 'a new agent needs an enrolment token');
  const keyPath = join(options.directory, 'device-key.json');
  const key = readState<DeviceKey>(keyPath) ?? newDeviceKey();
  writeState(keyPath, key);
  const operator = options.operator ?? operatorOfToken(options.token);
  if (operator === null) throw new EnrolmentRefused('NO_OPERATOR', 'the token does not say whom the node works for; name the operator');
  const { nodeId, platformPublicKey } = await ask(options, options.token, operator, key);
  const { kind, platform, ingest } = options;
  const identity: Identity = { nodeId, kind, operator, key, platformPublicKey, platform, ingest };
  writeState(path, identity);
  return identity;
}

async function ask(options: EnrolmentOptions, token: string, operator: string, key: DeviceKey): Promise<{ readonly nodeId: string; readonly platformPublicKey: string }> {
  const { platform, ingest, directory, kind, name = `${kind}@${hostname()}`.slice(0, 64), region = 'local', network = 'local' } = options;
  const ownClass = installedGpu(directory)?.runtimeClass ?? runtimeClass;
  const profile = { publicKey: key.publicKey, name, operator, region, network, runtimeClass: ownClass, endpoint: null };
  const signature = signWith(key, enrolmentStatement({ tokenHash: sha256Hex(token), ...profile }));
  const client = platformClient({ platform, ingest, directory, key, nodeId: null });
  for (const until = Date.now() + patienceMs; ;) {
    try {
      const { enrolNode } = await client.graphql<Answer>(mutation, { input: { token, signature, ...profile } });
      if (enrolNode.__typename === 'Refusal') throw new EnrolmentRefused(enrolNode.code, enrolNode.message);
      return enrolNode;
    } catch (error) {
      if (!(error instanceof PlatformUnreachable) || Date.now() > until) throw error;
      await sleep(500);
    }
  }
}
