// The two doors of a platform as an edge node in a browser meets them, over the real rules of signatures, statements and licences.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith, verifyRequest, verifySignature } from '@oort/kernel-identity';
import { canonicalJson, sha256Hex } from '@oort/kernel-wire';
import { enrolmentStatement, type Enrolment } from '@oort/schema/statements';

interface Sent { readonly packet: string; readonly signature: string }
type Input = Enrolment & Sent & { readonly token: string; readonly deploymentId: string };

export class FixturePlatform {
  readonly key = newDeviceKey();
  readonly acknowledged: string[] = [];
  readonly reported: Sent[] = [];
  readonly contents = new Map<string, Buffer>();
  offered: readonly object[] = [];
  devicePublicKey = '';
  /** The next report is taken, and its answer lost. */
  loseAnswer = false;
  private readonly server: Server;

  constructor(private readonly token: string, private readonly files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {}) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => { chunks.push(chunk); }).on('end', () => {
        const answer = this.answer(request, Buffer.concat(chunks));
        if (answer === null) response.destroy();
        else response.writeHead(answer[0], { 'content-type': answer[1] }).end(answer[2]);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  offer(deploymentId: string, model: Buffer, labels: readonly string[], licenceExpiresAt: string): object {
    this.contents.set(contentIdOf(model), model);
    const facts = { deploymentId, versionId: 'version_1' };
    const bundle = canonicalJson({ ...facts, modelContentId: contentIdOf(model), modelRoot: '00', labels, nodeIds: ['node_1'], licenceExpiresAt });
    const licence = canonicalJson({ ...facts, nodeId: 'node_1', licenceExpiresAt });
    return { ...facts, bundle, signature: signWith(this.key, bundle), licence: `${Buffer.from(licence).toString('base64url')}.${signWith(this.key, licence)}` };
  }

  private answer(request: IncomingMessage, body: Buffer): readonly [status: number, type: string, body: string | Uint8Array] | null {
    const { url: path = '', method = '' } = request;
    const file = this.files[path];
    if (file !== undefined) return [200, ...file];
    const enrolling = body.includes('enrolNode');
    const known = verifyRequest({ headers: request.headers, method, path, body, publicKey: this.devicePublicKey, now: new Date() });
    if (!enrolling && !known) return [401, 'application/json', JSON.stringify({ errors: [{ message: 'the signature does not hold' }] })];
    const content = this.contents.get(path.replace('/content/', ''));
    if (content !== undefined) return [200, 'application/octet-stream', content];
    const { query, variables: { input } } = JSON.parse(body.toString()) as { readonly query: string; readonly variables: { readonly input?: Input } };
    const data = this.graphql(query, input);
    return data === null ? null : [200, 'application/json', JSON.stringify({ data })];
  }

  private graphql(query: string, input: Input | undefined): object | null {
    if (query.includes('myDeployments')) return { myDeployments: this.offered };
    if (input === undefined) return {};
    if (query.includes('enrolNode')) {
      const holds = input.token === this.token && verifySignature(input.publicKey, enrolmentStatement({ ...input, tokenHash: sha256Hex(input.token) }), input.signature);
      if (!holds) return { enrolNode: { __typename: 'Refusal', code: 'TOKEN_UNKNOWN', message: 'There is no such token.' } };
      this.devicePublicKey = input.publicKey;
      return { enrolNode: { __typename: 'NodeEnrolment', nodeId: 'node_1', platformPublicKey: this.key.publicKey } };
    }
    if (query.includes('acknowledgeDeployment')) {
      this.acknowledged.push(input.deploymentId);
      return { acknowledgeDeployment: { __typename: 'Deployment' } };
    }
    this.reported.push(input);
    if (this.loseAnswer) return null;
    return { reportOfflineUsage: { __typename: verifySignature(this.devicePublicKey, input.packet, input.signature) ? 'OfflineUsage' : 'Refusal' } };
  }
}
