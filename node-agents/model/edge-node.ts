// An edge node that needs nothing but fetch and a place to keep bytes: a phone's or a desktop's browser. Its key is made on the
// device and leaves it never; deployments are verified before they are kept, answers need no network, and what was used is reported
// once, when there is one. The statements are those of schema/statements.ts and kernel/identity, which the tests hold it to.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson } from '@oort/kernel-wire/canonical-json';
import { Fault } from '@oort/kernel-wire/fault';
import type { Json } from '@oort/kernel-wire/json';
import { OpenModel } from './open-model';
import { bytesOf, hexOf, ReleaseRefused, signedBy, verifyModelFile } from './release';
import type { OnnxRuntime } from './runtime';

/** IndexedDB, a folder, a map. A value is there once `set` resolved. */
export interface KeyValue {
  get(key: string): Promise<Uint8Array | null>;
  set(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
}

export interface EdgeNodeOptions {
  readonly runtime: OnnxRuntime;
  readonly storage: KeyValue;
  /** Addresses of the platform's GraphQL and ingest doors, without a path. */
  readonly platform: string;
  readonly ingest: string;
  readonly operator: string;
  /** Needed the first time only. */
  readonly token?: string;
  readonly name?: string;
  /** The device's; it may be wrong. */
  readonly now?: () => Date;
}

/** What the platform's answers say of the time (RFC 9110, Date), where a page may read it, counts before the device's clock. */
interface Running extends EdgeNodeOptions { readonly now: () => Date; learn(told: string | null): boolean }

export class EdgeNodeRefused extends Fault {
  constructor(code: string, message: string) { super(code, message); }
}

interface Identity { readonly nodeId: string; readonly platformPublicKey: string; readonly seed: string }
interface Offered { readonly deploymentId: string; readonly versionId: string; readonly bundle: string; readonly signature: string; readonly licence: string }
interface Bundle { readonly deploymentId: string; readonly versionId: string; readonly modelContentId: string; readonly labels: readonly string[] }
interface Used { readonly predictionId: string; readonly inputHash: string; readonly outputHash: string; readonly label: string; readonly predictedAt: string }
interface Reply { readonly __typename: string; readonly code?: string; readonly message?: string }
type EnrolReply = Reply & { readonly nodeId: string; readonly platformPublicKey: string };

const enrol = `mutation Enrol($input: EnrolNodeInput!) {
  enrolNode(input: $input) { __typename ... on NodeEnrolment { nodeId platformPublicKey } ... on Refusal { code message } }
}`;
const mine = '{ myDeployments { deploymentId versionId bundle signature licence } }';
const acknowledge = 'mutation Installed($input: AcknowledgeDeploymentInput!) { acknowledgeDeployment(input: $input) { __typename ... on Refusal { code message } } }';
const report = 'mutation Report($input: ReportOfflineUsageInput!) { reportOfflineUsage(input: $input) { __typename ... on Refusal { code message } } }';
const mostPredictions = 200;
const runtimeClass = 'onnxruntime-web-1.30-wasm';

export class EdgeNode {
  private open: { readonly deploymentId: string; readonly model: OpenModel } | null = null;

  private constructor(private readonly options: Running, private readonly identity: Identity) {}

  get nodeId(): string { return this.identity.nodeId; }

  /** Enrols the first time, and goes on afterwards. Throws EdgeNodeRefused with the platform's code. */
  static async start(given: EdgeNodeOptions): Promise<EdgeNode> {
    const options = running(given);
    const known = await options.storage.get('identity');
    if (known !== null) return new EdgeNode(options, read<Identity>(known));
    if (options.token === undefined) throw new EdgeNodeRefused('NO_TOKEN', 'a new node needs an enrolment token');
    // Kept before anybody hears of it, so that an enrolment whose answer was lost is asked again with the same key.
    const kept = await options.storage.get('seed');
    const seed = kept === null ? hexOf(ed25519.utils.randomSecretKey()) : text(kept);
    await options.storage.set('seed', bytes(seed));
    const profile = {
      publicKey: hexOf(ed25519.getPublicKey(bytesOf(seed))), name: options.name ?? 'a browser', operator: options.operator, region: 'local', network: 'local', runtimeClass,
      endpoint: null,
    };
    const signature = sign(seed, canonicalJson({ statement: 'oort/enrolment/1', tokenHash: hexOf(sha256(bytes(options.token))), ...profile }));
    const { enrolNode } = await graphql<{ readonly enrolNode: EnrolReply }>(options, null, enrol, { input: { token: options.token, signature, ...profile } });
    accepted(enrolNode);
    const identity: Identity = { nodeId: enrolNode.nodeId, platformPublicKey: enrolNode.platformPublicKey, seed };
    await options.storage.set('identity', bytes(JSON.stringify(identity)));
    return new EdgeNode(options, identity);
  }

  /** Installs what is offered and holds, drops what was taken back, reports what was used. Rejects without a network. */
  async synchronise(): Promise<void> {
    const { storage } = this.options;
    const { myDeployments } = await graphql<{ readonly myDeployments: readonly Offered[] }>(this.options, this.identity, mine, {});
    for (const offered of myDeployments) if (await storage.get(`deployment/${offered.deploymentId}`) === null) await this.install(offered);
    const wanted = myDeployments.map(({ deploymentId }) => `deployment/${deploymentId}`);
    for (const key of await storage.keys('deployment/')) {
      if (wanted.includes(key)) continue;
      await storage.delete(key);
      await storage.delete(key.replace('deployment/', 'model/'));
    }
    await this.pack();
    for (const key of await storage.keys('packet/')) await this.send(key);
  }

  /** By the newest deployment whose licence runs; null where there is none. No network is used. */
  async infer(input: Float32Array): Promise<{ readonly label: string; readonly scores: Float32Array } | null> {
    const { storage } = this.options;
    // Ids are ULIDs, so the largest is the newest.
    for (const key of [...await storage.keys('deployment/')].sort().reverse()) {
      const offered = read<Offered>(await storage.get(key) ?? new Uint8Array());
      const bundle = this.holds(offered);
      if (bundle === null) continue;
      const scores = await (await this.modelOf(bundle)).infer(input);
      const label = bundle.labels[scores.reduce((best, score, place) => (score > (scores[best] ?? 0) ? place : best), 0)] ?? '';
      const used: Used = {
        predictionId: newId('prediction'), inputHash: hashOf([[...input]]), outputHash: hashOf([[...scores]]), label, predictedAt: this.options.now().toISOString(),
      };
      await storage.set(`used/${bundle.deploymentId}/${used.predictionId}`, bytes(JSON.stringify({ ...used, versionId: bundle.versionId })));
      return { label, scores };
    }
    return null;
  }

  private async install(offered: Offered): Promise<void> {
    const bundle = this.holds(offered);
    if (bundle === null) return;
    const path = `/content/${bundle.modelContentId}`;
    const response = await fetch(`${this.options.ingest}${path}`, { headers: signedHeaders(this.identity, 'GET', path, '', this.options.now()) });
    if (!response.ok) throw new EdgeNodeRefused('CONTENT_UNAVAILABLE', `the model is not to be had: ${String(response.status)}`);
    const model = new Uint8Array(await response.arrayBuffer());
    verifyModelFile(bundle, model);
    await this.options.storage.set(`model/${bundle.deploymentId}`, model);
    await this.options.storage.set(`deployment/${bundle.deploymentId}`, bytes(JSON.stringify(offered)));
    accepted((await graphql<{ readonly acknowledgeDeployment: Reply }>(this.options, this.identity, acknowledge, { input: { deploymentId: bundle.deploymentId } })).acknowledgeDeployment);
  }

  /** Null unless the platform signed the bundle and a licence of this node that runs. */
  private holds(offered: Offered): Bundle | null {
    const { platformPublicKey, nodeId } = this.identity;
    const [payload = '', signature = ''] = offered.licence.split('.');
    const licenceText = fromBase64Url(payload);
    if (!signedBy(platformPublicKey, offered.bundle, offered.signature) || !signedBy(platformPublicKey, licenceText, signature)) return null;
    const licence = JSON.parse(licenceText) as Readonly<Record<string, Json | undefined>>;
    const bundle = JSON.parse(offered.bundle) as Bundle;
    const own = licence['nodeId'] === nodeId && licence['deploymentId'] === bundle.deploymentId && licence['versionId'] === bundle.versionId;
    const { licenceExpiresAt } = licence;
    return own && typeof licenceExpiresAt === 'string' && this.options.now().toISOString() <= licenceExpiresAt ? bundle : null;
  }

  private async modelOf(bundle: Bundle): Promise<OpenModel> {
    if (this.open?.deploymentId === bundle.deploymentId) return this.open.model;
    const file = await this.options.storage.get(`model/${bundle.deploymentId}`);
    if (file === null) throw new ReleaseRefused('the model is gone from this device');
    verifyModelFile(bundle, file);
    this.open = { deploymentId: bundle.deploymentId, model: await OpenModel.open(this.options.runtime, file) };
    return this.open.model;
  }

  /** A packet is kept, signed, before it is sent, and sent until the platform answers: it counts each id once. */
  private async pack(): Promise<void> {
    const { storage } = this.options;
    const waiting = await storage.keys('used/');
    for (const deploymentId of new Set(waiting.map((key) => key.split('/')[1] ?? ''))) {
      const keys = waiting.filter((key) => key.startsWith(`used/${deploymentId}/`)).slice(0, mostPredictions);
      const used = await Promise.all(keys.map(async (key) => read<Used & { readonly versionId: string }>(await storage.get(key) ?? new Uint8Array())));
      const packetId = newId('packet');
      const predictions = used.map(({ predictionId, inputHash, outputHash, label, predictedAt }) => ({ predictionId, inputHash, outputHash, label, predictedAt }));
      const packet = canonicalJson({ packetId, deploymentId, versionId: used[0]?.versionId ?? '', nodeId: this.identity.nodeId, predictions });
      await storage.set(`packet/${packetId}`, bytes(JSON.stringify({ packet, signature: sign(this.identity.seed, packet) })));
      for (const key of keys) await storage.delete(key);
    }
  }

  /** A refused packet is kept aside, for whoever asks why. */
  private async send(key: string): Promise<void> {
    const { storage } = this.options;
    const packet = await storage.get(key) ?? new Uint8Array();
    const { reportOfflineUsage: reply } = await graphql<{ readonly reportOfflineUsage: Reply }>(this.options, this.identity, report, { input: read<{ readonly packet: string; readonly signature: string }>(packet) });
    if (reply.__typename === 'Refusal') await storage.set(key.replace('packet/', 'refused/'), packet);
    await storage.delete(key);
  }
}

/** Below this a difference is the network's, and requests are good for five minutes anyway. */
const toleratedSkewMs = 30_000;

function running(given: EdgeNodeOptions): Running {
  const own = given.now ?? ((): Date => new Date());
  let skewMs = 0;
  return {
    ...given, now: () => new Date(own().getTime() + skewMs),
    learn(told) {
      const behindMs = Date.parse(told ?? '') - own().getTime();
      const next = Math.abs(behindMs) > toleratedSkewMs ? behindMs : 0;
      if (Number.isNaN(behindMs) || Math.abs(next - skewMs) <= toleratedSkewMs) return false;
      skewMs = next;
      return true;
    },
  };
}

async function graphql<T>(options: Running, identity: Identity | null, query: string, variables: { readonly [name: string]: Json }): Promise<T> {
  const body = JSON.stringify({ query, variables });
  const signed = identity === null ? {} : signedHeaders(identity, 'POST', '/graphql', body, options.now());
  const response = await fetch(`${options.platform}/graphql`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...signed } });
  const learnt = options.learn(response.headers.get('date'));
  const { data, errors } = await response.json() as { readonly data?: T; readonly errors?: readonly { readonly message: string }[] };
  if (errors === undefined && data !== undefined) return data;
  // It was signed for another time.
  if (learnt) return graphql(options, identity, query, variables);
  throw new EdgeNodeRefused('PLATFORM_REJECTED', errors?.map(({ message }) => message).join('; ') ?? String(response.status));
}

function accepted({ __typename, code = '', message = '' }: Reply): void {
  if (__typename === 'Refusal') throw new EdgeNodeRefused(code, message);
}

/** As kernel/identity signs a request. */
function signedHeaders({ nodeId, seed }: Identity, method: string, path: string, body: string, now: Date): Record<string, string> {
  const time = now.toISOString();
  const signed = ['oort-request-v1', method, path, nodeId, time, hexOf(sha256(bytes(body)))].join('\n');
  return { 'x-oort-node': nodeId, 'x-oort-time': time, 'x-oort-signature': sign(seed, signed) };
}

const sign = (seed: string, signed: string): string => hexOf(ed25519.sign(bytes(signed), bytesOf(seed)));
const hashOf = (json: Json): string => hexOf(sha256(bytes(canonicalJson(json))));
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);
const read = <T>(value: Uint8Array): T => JSON.parse(text(value)) as T;

function fromBase64Url(payload: string): string {
  return text(Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0)));
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of time and 80 of chance. */
function newId(prefix: string): string {
  let time = Date.now();
  let stamp = '';
  for (let place = 0; place < 10; place += 1) {
    stamp = `${crockford.charAt(time % 32)}${stamp}`;
    time = Math.floor(time / 32);
  }
  return `${prefix}_${stamp}${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => crockford.charAt(byte % 32)).join('')}`;
}
