// One piece on one node, over kept connections. Every request carries an order that the platform signed, and every answer is
// checked here: a receipt against the node's key and our own root, bytes against the root that the receipt committed to.
import { Agent, request } from 'undici';
import {
  commitPiece, orderStatement, receiptStatement, verifyPieceProof, type OrderAction, type PieceCommitment, type PieceProof,
} from '@oort/algorithms-possession';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { PieceRefused } from './faults';
import type { StorageNode } from './port';

export interface PieceClientOptions { readonly platformKey: DeviceKey; now(): Date }

/** Bytes that an order moved, for the settlement of bandwidth. */
export interface Moved { readonly accountId: string; readonly nodeId: string; readonly direction: 'in' | 'out'; readonly bytes: number; readonly statement: Buffer }

const orderMs = 60_000;
/** Beyond it a node counts as unreachable for this piece. */
const answerMs = 10_000;

export class PieceClient {
  readonly #agent = new Agent({ connections: 32, pipelining: 1, keepAliveTimeout: 30_000, connectTimeout: 2_000 });
  readonly #options: PieceClientOptions;
  readonly #onMoved: (moved: Moved) => void;

  constructor(options: PieceClientOptions, onMoved: (moved: Moved) => void = () => undefined) {
    this.#options = options;
    this.#onMoved = onMoved;
  }

  /** The node's signature over the receipt, hex. Throws PieceRefused. */
  async put(node: StorageNode, accountId: string, pieceId: string, bytes: Buffer, commitment: PieceCommitment): Promise<string> {
    const { body, statement } = await this.#call(node, 'put', { accountId, pieceId, bytes: bytes.length, body: bytes });
    const signature = fieldsOf(body)['signature'];
    const receipt = receiptStatement({ nodeId: node.nodeId, pieceId, ...commitment, sizeBytes: bytes.length });
    if (typeof signature !== 'string' || !verifySignature(node.publicKey, receipt, signature)) {
      throw new PieceRefused('corrupt', node.nodeId, 'its receipt is not for what was sent');
    }
    this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'in', bytes: bytes.length, statement });
    return signature;
  }

  /** Throws PieceRefused, with reason `corrupt` when the bytes are not what the receipt committed to. */
  async get(node: StorageNode, accountId: string, pieceId: string, length: number, root: string, signal?: AbortSignal): Promise<Buffer> {
    const { body, statement } = await this.#call(node, 'get', { accountId, pieceId, bytes: length, ...(signal === undefined ? {} : { signal }) });
    if (body.length !== length || commitPiece(body).root !== root) throw new PieceRefused('corrupt', node.nodeId, 'the bytes are not those of the receipt');
    this.#onMoved({ accountId, nodeId: node.nodeId, direction: 'out', bytes: length, statement });
    return body;
  }

  async delete(node: StorageNode, pieceId: string): Promise<void> {
    await this.#call(node, 'delete', { accountId: 'platform', pieceId, bytes: 0 });
  }

  /** Throws PieceRefused when the node cannot show the leaf. */
  async prove(node: StorageNode, pieceId: string, commitment: PieceCommitment, leaf: number): Promise<void> {
    const { body } = await this.#call(node, 'prove', { accountId: 'platform', pieceId, bytes: 0, query: `?leaf=${leaf}` });
    const { index, leaf: bytes, path } = fieldsOf(body);
    const proof = { index, leaf: bytes, path };
    if (!isProof(proof) || !verifyPieceProof(commitment, leaf, proof)) throw new PieceRefused('corrupt', node.nodeId, `leaf ${leaf} is not proven`);
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

  close(): Promise<void> { return this.#agent.destroy(); }

  async #call(node: StorageNode, action: OrderAction, { accountId, pieceId, bytes, body, query = '', signal }: {
    readonly accountId: string; readonly pieceId: string; readonly bytes: number; readonly body?: Buffer; readonly query?: string; readonly signal?: AbortSignal;
  }): Promise<{ readonly body: Buffer; readonly statement: Buffer }> {
    if (node.endpoint === null) throw new PieceRefused('unreachable', node.nodeId, 'it has no piece server');
    const { platformKey, now } = this.#options;
    const expiresAt = new Date(now().getTime() + orderMs).toISOString();
    const statement = orderStatement({ action, nodeId: node.nodeId, pieceId, accountId, maximumBytes: bytes, expiresAt });
    const path = action === 'list' ? '/pieces' : `/pieces/${pieceId}${action === 'prove' ? '/proof' : ''}${query}`;
    const method = action === 'put' ? 'PUT' : action === 'delete' ? 'DELETE' : 'GET';
    const answer = await request(`${node.endpoint}${path}`, {
      dispatcher: this.#agent, method, body: body ?? null, headersTimeout: answerMs, bodyTimeout: answerMs, signal: signal ?? null,
      headers: { authorization: `Oort-Order ${statement.toString('base64url')}.${signWith(platformKey, statement)}` },
    }).then(async ({ statusCode, body: read }) => ({ statusCode, bytes: Buffer.from(await read.arrayBuffer()) }))
      .catch((error: unknown) => { throw new PieceRefused('unreachable', node.nodeId, String(error)); });
    if (answer.statusCode === 404) throw new PieceRefused('missing', node.nodeId, pieceId);
    if (answer.statusCode >= 300) throw new PieceRefused('refused', node.nodeId, `${answer.statusCode} ${answer.bytes.toString('utf8', 0, 200)}`);
    return { body: answer.bytes, statement };
  }
}

function fieldsOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isProof(proof: { readonly index: unknown; readonly leaf: unknown; readonly path: unknown }): proof is PieceProof {
  return typeof proof.index === 'number' && typeof proof.leaf === 'string'
    && Array.isArray(proof.path) && proof.path.every((hash) => typeof hash === 'string');
}
