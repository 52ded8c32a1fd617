// One piece on one node, over kept connections. Every request carries an order that the platform signed, and every answer is
// checked here: a receipt against the node's key and our own root, bytes against the root that the receipt committed to.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import {
  commitPiece, InventoryTree, inventoryStatement, isSignedForCourt, orderStatement, receiptStatement, settlementStatement, verifyPieceProof, type Inventory, type InventoryPiece, type OrderAction, type PieceCommitment, type PieceProof, type SignedForCourt,
} from '@oort/algorithms-possession';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { SpareMemory } from '@oort/kernel-wire';
import { PieceRefused } from './faults';
import { notPlain, PartReader } from './part-reader';
import type { StorageNode } from './port';

export interface PieceClientOptions { readonly platformKey: DeviceKey; now(): Date }

/** Bytes that an order moved, for the settlement of bandwidth. */
export interface Moved { readonly accountId: string; readonly nodeId: string; readonly direction: 'in' | 'out'; readonly bytes: number; readonly statement: Buffer }

/** What a cache gave and signed; `arrived` is called once it is known to be right, for the settlement of bandwidth. */
export interface CachedPiece { readonly body: Buffer; /** Hex; null when it signed nothing. */ readonly receipt: string | null; arrived(): void }

export interface NodeInventory extends Inventory { readonly signature: string; readonly listed: readonly InventoryPiece[]; /** Of a node that anybody may ask on the chain. */ readonly court?: SignedForCourt }

const orderMs = 60_000;
/** Beyond it a node counts as unreachable for this piece. */
const answerMs = 10_000;
/** No piece is larger; a node that announces more is not believed. */
const largestAnswer = 64 * 1024 * 1024;

export class PieceClient {
  readonly #agent = new Agent({ connections: null, pipelining: 1, keepAliveTimeout: 30_000, connectTimeout: 2_000 });
  readonly #parts = new PartReader(answerMs);
  readonly #notPlain = new Set<string>();
  /** Where parts of pieces lie while they are opened. */
  readonly spare = new SpareMemory();
  readonly #options: PieceClientOptions;
  readonly #onMoved: (moved: Moved) => void;

  constructor(options: PieceClientOptions, onMoved: (moved: Moved) => void = () => undefined) {
    this.#options = options;
    this.#onMoved = onMoved;
  }

  /** The node's signature over the receipt, hex. Throws PieceRefused. */
  async put(node: StorageNode, accountId: string, pieceId: string, bytes: Buffer, commitment: PieceCommitment): Promise<string> {
    const { body: answer, statement } = await this.#call(node, 'put', { accountId, pieceId, bytes: bytes.length, body: bytes });
    return this.#receipt(node, { accountId, pieceId, answer, statement, commitment, bytes: bytes.length });
  }

  /** A piece that is still being made. `whole` is asked for after the last byte. */
  async putStream(
    node: StorageNode, accountId: string, pieceId: string, maximumBytes: number, body: Readable, whole: () => PieceCommitment & { readonly sizeBytes: number },
  ): Promise<string> {
    const { body: answer, statement } = await this.#call(node, 'put', { accountId, pieceId, bytes: maximumBytes, body });
    const { root, leaves, sizeBytes } = whole();
    return this.#receipt(node, { accountId, pieceId, answer, statement, commitment: { root, leaves }, bytes: sizeBytes });
  }

  #receipt(node: StorageNode, { accountId, pieceId, answer, statement, commitment, bytes }: {
    readonly accountId: string; readonly pieceId: string; readonly answer: Buffer; readonly statement: Buffer; readonly commitment: PieceCommitment; readonly bytes: number;
  }): string {
    const signature = fieldsOf(answer)['signature'];
    const receipt = receiptStatement({ nodeId: node.nodeId, pieceId, ...commitment, sizeBytes: bytes });
    if (typeof signature !== 'string' || !verifySignature(node.publicKey, receipt, signature)) {
      throw new PieceRefused('corrupt', node.nodeId, 'its receipt is not for what was sent');
    }
    this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'in', bytes, statement });
    return signature;
  }

  /** The bytes from `start` to `end` (exclusive) of a piece, unchecked: whoever asks opens frames that prove themselves. Their memory may be
   *  given back (`spare`) once nothing looks at it any more. Throws PieceRefused. */
  async getPart(node: StorageNode, accountId: string, pieceId: string, start: number, end: number, signal?: AbortSignal): Promise<Buffer> {
    const asked = { accountId, pieceId, bytes: end - start, range: `bytes=${start}-${end - 1}`, ...(signal === undefined ? {} : { signal }) };
    const { body, statement } = await this.#plainPart(node, asked) ?? await this.#call(node, 'get', asked);
    if (body.length !== end - start) throw new PieceRefused('corrupt', node.nodeId, 'the piece is shorter than its receipt says');
    this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'out', bytes: body.length, statement });
    return body;
  }

  /** Null when the node's answers are not for the plain reader. */
  async #plainPart(node: StorageNode, { accountId, pieceId, bytes, range, signal }: {
    readonly accountId: string; readonly pieceId: string; readonly bytes: number; readonly range: string; readonly signal?: AbortSignal;
  }): Promise<{ readonly body: Buffer; readonly statement: Buffer } | null> {
    const { endpoint } = node;
    if (endpoint === null || this.#notPlain.has(endpoint)) return null;
    const { statement, authorization } = this.#order(node, 'get', pieceId, accountId, bytes);
    const { pathname } = new URL(endpoint);
    const path = `${pathname === '/' ? '' : pathname}/pieces/${pieceId}`;
    const answer = await this.#parts.read(endpoint, { path, headers: { authorization, range }, target: this.spare.take(bytes), ...(signal === undefined ? {} : { signal }) })
      .catch((error: unknown) => { throw new PieceRefused('unreachable', node.nodeId, String(error)); });
    if (answer === notPlain) {
      this.#notPlain.add(endpoint);
      return null;
    }
    refuseUnlessDone(node, pieceId, answer.status, answer.body);
    return { body: answer.body, statement };
  }

  /** Throws PieceRefused, with reason `corrupt` when the bytes are not what the receipt committed to. */
  async get(node: StorageNode, accountId: string, pieceId: string, length: number, { root, leaves }: PieceCommitment, signal?: AbortSignal): Promise<Buffer> {
    const { body, statement } = await this.#call(node, 'get', { accountId, pieceId, bytes: length, ...(signal === undefined ? {} : { signal }) });
    if (body.length !== length || commitPiece(body, leaves).root !== root) throw new PieceRefused('corrupt', node.nodeId, 'the bytes are not those of the receipt');
    this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'out', bytes: length, statement });
    return body;
  }

  /** From a cache, unchecked. Throws PieceRefused. */
  async getCached(node: StorageNode, accountId: string, pieceId: string, length: number, signal: AbortSignal): Promise<CachedPiece> {
    const { body, statement, receipt } = await this.#call(node, 'get', { accountId, pieceId, bytes: length, signal });
    return { body, receipt, arrived: () => this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'out', bytes: body.length, statement }) };
  }

  async delete(node: StorageNode, pieceId: string): Promise<void> {
    await this.#call(node, 'delete', { accountId: 'platform', pieceId, bytes: 0 });
  }

  /** Throws PieceRefused when the node cannot show the leaf. */
  async prove(node: StorageNode, pieceId: string, commitment: PieceCommitment, leaf: number): Promise<void> {
    const { body } = await this.#call(node, 'prove', { accountId: 'platform', pieceId, bytes: 0, query: `?leaf=${leaf}&leaves=${commitment.leaves}` });
    const { index, leaf: bytes, path } = fieldsOf(body);
    const proof = { index, leaf: bytes, path };
    if (!isProof(proof) || !verifyPieceProof(commitment, leaf, proof)) throw new PieceRefused('corrupt', node.nodeId, `leaf ${leaf} is not proven`);
  }

  /** What the node says it has, signed by it. Throws PieceRefused when it is not what it signed. */
  async inventory(node: StorageNode): Promise<NodeInventory> {
    const { body } = await this.#call(node, 'list', { accountId: 'platform', pieceId: '', bytes: 0, path: '/inventory' });
    const { root, leaves, pieces, madeAt, signature, listed, court } = fieldsOf(body);
    const whole = Array.isArray(listed) && listed.every(isInventoryPiece) ? listed : null;
    if (typeof root !== 'string' || typeof leaves !== 'number' || typeof pieces !== 'number' || typeof madeAt !== 'string' || typeof signature !== 'string' || whole === null) {
      throw new PieceRefused('refused', node.nodeId, 'this is no inventory');
    }
    const inventory = { nodeId: node.nodeId, root, leaves, pieces, madeAt };
    const tree = new InventoryTree(whole);
    if (tree.root !== root || tree.leaves !== leaves || whole.length !== pieces || !verifySignature(node.publicKey, inventoryStatement(inventory), signature)) {
      throw new PieceRefused('corrupt', node.nodeId, 'its inventory is not what it signed');
    }
    const ofThis = isSignedForCourt(court) && court.root === `0x${root}` && court.leaves === leaves;
    return { ...inventory, signature, listed: whole, ...(ofThis ? { court } : {}) };
  }

  /** The answers to a challenge, one for each draw, not checked yet. */
  async answers(node: StorageNode, root: string, seed: string, draws: number): Promise<readonly unknown[]> {
    const { body } = await this.#call(node, 'prove', { accountId: 'platform', pieceId: '', bytes: 0, path: `/inventory/${root}/answers?seed=${seed}&draws=${draws}` });
    const { answers } = fieldsOf(body);
    return Array.isArray(answers) ? answers : [];
  }

  /** The node's word on what it moved by these orders. Throws PieceRefused when it does not answer or did not sign it. */
  async settle(node: StorageNode, asked: { readonly accountId: string; readonly direction: 'in' | 'out'; readonly orders: readonly string[] }): Promise<{
    readonly bytes: number; readonly orderRoot: string; readonly signature: string; readonly unknown: readonly number[];
  }> {
    const { body } = await this.#call(node, 'list', { accountId: 'platform', pieceId: '', bytes: 0, path: '/settlements', body: Buffer.from(JSON.stringify(asked)) });
    const { bytes, orderRoot, signature, unknown } = fieldsOf(body);
    if (typeof bytes !== 'number' || typeof orderRoot !== 'string' || typeof signature !== 'string' || !Array.isArray(unknown) || !unknown.every((index) => typeof index === 'number')
      || !verifySignature(node.publicKey, settlementStatement({ nodeId: node.nodeId, accountId: asked.accountId, direction: asked.direction, bytes, orderRoot }), signature)) {
      throw new PieceRefused('refused', node.nodeId, 'it did not sign a settlement');
    }
    return { bytes, orderRoot, signature, unknown };
  }

  async list(node: StorageNode): Promise<readonly string[]> {
    const { body } = await this.#call(node, 'list', { accountId: 'platform', pieceId: '', bytes: 0 });
    const { pieces } = fieldsOf(body);
    if (!Array.isArray(pieces)) return [];
    return pieces.flatMap((piece: unknown) => {
      const { pieceId } = typeof piece === 'object' && piece !== null && 'pieceId' in piece ? piece : { pieceId: null };
      return typeof pieceId === 'string' ? [pieceId] : [];
    });
  }

  close(): Promise<void> {
    this.#parts.close();
    return this.#agent.destroy();
  }

  async #call(node: StorageNode, action: OrderAction, { accountId, pieceId, bytes, body, range, path: given, query = '', signal }: {
    readonly accountId: string; readonly pieceId: string; readonly bytes: number; readonly body?: Buffer | Readable; readonly range?: string; readonly path?: string; readonly query?: string; readonly signal?: AbortSignal;
  }): Promise<{ readonly body: Buffer; readonly statement: Buffer; readonly receipt: string | null }> {
    if (node.endpoint === null) throw new PieceRefused('unreachable', node.nodeId, 'it has no piece server');
    const { statement, authorization } = this.#order(node, action, pieceId, accountId, bytes);
    const path = given ?? (action === 'list' ? '/pieces' : `/pieces/${pieceId}${action === 'prove' ? '/proof' : ''}${query}`);
    const method = action === 'put' ? 'PUT' : action === 'delete' ? 'DELETE' : action === 'list' && body !== undefined ? 'POST' : 'GET';
    const answer = await request(`${node.endpoint}${path}`, {
      dispatcher: this.#agent, method, body: body ?? null, headersTimeout: answerMs, bodyTimeout: answerMs, signal: signal ?? null,
      headers: { authorization, ...(range === undefined ? {} : { range }) },
    }).then(async ({ statusCode, headers, body: read }) => ({ statusCode, receipt: headers['oort-receipt'], bytes: await bytesOf(read, Number(headers['content-length'])) }))
      .catch((error: unknown) => { throw new PieceRefused('unreachable', node.nodeId, String(error)); });
    refuseUnlessDone(node, pieceId, answer.statusCode, answer.bytes);
    return { body: answer.bytes, statement, receipt: typeof answer.receipt === 'string' ? answer.receipt : null };
  }

  #order({ nodeId }: StorageNode, action: OrderAction, pieceId: string, accountId: string, maximumBytes: number): { readonly statement: Buffer; readonly authorization: string } {
    const { platformKey, now } = this.#options;
    const expiresAt = new Date(now().getTime() + orderMs).toISOString();
    const statement = orderStatement({ action, nodeId, pieceId, accountId, maximumBytes, expiresAt, serial: randomBytes(8).toString('hex') });
    return { statement, authorization: `Oort-Order ${statement.toString('base64url')}.${signWith(platformKey, statement)}` };
  }
}

function refuseUnlessDone({ nodeId }: StorageNode, pieceId: string, status: number, body: Buffer): void {
  if (status === 404) throw new PieceRefused('missing', nodeId, pieceId);
  if (status >= 300) throw new PieceRefused('refused', nodeId, `${status} ${body.toString('utf8', 0, 200)}`);
}

/** Into one buffer of the length that was announced, so that every byte is copied once. */
async function bytesOf(read: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Number.isSafeInteger(length) && length <= largestAnswer ? length : 0);
  const more: Buffer[] = [];
  let filled = 0;
  for await (const part of read) {
    if (filled + part.length > bytes.length) more.push(part);
    else filled += part.copy(bytes, filled);
  }
  return more.length === 0 ? bytes.subarray(0, filled) : Buffer.concat([bytes.subarray(0, filled), ...more]);
}

function fieldsOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isInventoryPiece(piece: unknown): piece is InventoryPiece {
  if (typeof piece !== 'object' || piece === null) return false;
  const { pieceId, root, leaves } = piece as Readonly<Record<string, unknown>>;
  return typeof pieceId === 'string' && typeof root === 'string' && /^[0-9a-f]{64}$/.test(root) && Number.isSafeInteger(leaves) && Number(leaves) > 0;
}

function isProof(proof: { readonly index: unknown; readonly leaf: unknown; readonly path: unknown }): proof is PieceProof {
  return typeof proof.index === 'number' && typeof proof.leaf === 'string'
    && Array.isArray(proof.path) && proof.path.every((hash) => typeof hash === 'string');
}
