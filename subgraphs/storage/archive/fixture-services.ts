// For tests: services that do what the documented APIs say, on 127.0.0.1, and can be told to fail. They check what they are given as the
// real ones do: the commitment of a piece, the payer's signatures, a nonce that was spent, the signature of a data item.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AbiCoder, computeAddress, hexlify, verifyMessage, verifyTypedData } from 'ethers';
import { cidBytesOf } from '../archive-formats/cid';
import { dataItemOf } from '../archive-formats/data-item';
import { commitPayload, pieceCidV2 } from '../archive-formats/piece-commitment';

/** What the next request that fits gets instead of its answer. */
export interface Failure {
  readonly on: string;
  readonly how: { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'hang' | 'drop';
  /** What was asked is done before it fails. */
  readonly after?: true;
}

export abstract class FixtureService {
  readonly asked: string[] = [];
  failures: Failure[] = [];
  url = new URL('http://127.0.0.1/');
  readonly #server = createServer((request, response) => { void this.#serve(request, response); });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    const address = this.#server.address();
    this.url = new URL(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`);
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  /** How often it was asked for what begins so. */
  count(begin: string): number { return this.asked.filter((one) => one.startsWith(begin)).length; }

  protected abstract answer(method: string, url: URL, body: Buffer): Answer;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const what = `${request.method ?? ''} ${request.url ?? ''}`;
    this.asked.push(what);
    const at = this.failures.findIndex(({ on }) => what.startsWith(on));
    const [failure] = at < 0 ? [] : this.failures.splice(at, 1);
    const answer = failure === undefined || failure.after === true ? this.answer(request.method ?? '', new URL(request.url ?? '/', this.url), Buffer.concat(parts)) : null;
    if (failure?.how === 'hang') return;
    if (failure?.how === 'drop') return void request.socket.destroy();
    const { status, headers = {}, body = '' }: Answer = failure?.how ?? answer ?? { status: 500 };
    response.writeHead(status, headers).end(body);
  }
}

interface Answer { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer }

const types = {
  MetadataEntry: [{ name: 'key', type: 'string' }, { name: 'value', type: 'string' }], Cid: [{ name: 'data', type: 'bytes' }],
  PieceMetadata: [{ name: 'pieceIndex', type: 'uint256' }, { name: 'metadata', type: 'MetadataEntry[]' }],
  AddPieces: [{ name: 'clientDataSetId', type: 'uint256' }, { name: 'nonce', type: 'uint256' }, { name: 'pieceData', type: 'Cid[]' }, { name: 'pieceMetadata', type: 'PieceMetadata[]' }],
};

/** A provider of Filecoin's PDP. */
export class FixtureProvider extends FixtureService {
  readonly pieces = new Map<string, Buffer>();
  readonly dataSet: { pieceCid: string; pieceId: number }[] = [];
  clientId = 0n;
  /** Looks at a transaction until it is on the chain. */
  chainTakes = 2;
  payer = '';
  readonly #uploads = new Map<string, string>();
  readonly #nonces = new Set<bigint>();
  readonly #pending = new Map<string, { looks: number; shown?: Readonly<Record<string, unknown>>; readonly done: () => Readonly<Record<string, unknown>> }>();
  #next = 0;

  constructor(readonly domain: { readonly chainId: number; readonly verifyingContract: string }) { super(); }

  protected answer(method: string, url: URL, body: Buffer): Answer {
    const [first, second, third, , fifth] = url.pathname.split('/').slice(1);
    if (first === 'piece') return this.#bytes(this.pieces.get(second ?? ''));
    if (url.pathname === '/pdp/piece' && method === 'GET') return this.pieces.has(url.searchParams.get('pieceCid') ?? '') ? json({ pieceCid: url.searchParams.get('pieceCid') }) : { status: 404 };
    if (url.pathname === '/pdp/piece') return this.#begin(String(fieldsOf(body)['pieceCid']));
    if (url.pathname.startsWith('/pdp/piece/upload/')) return this.#upload(url.pathname.split('/').pop() ?? '', body);
    if (second !== 'data-sets') return { status: 404 };
    if (third === 'created' || fifth === 'added') return this.#look(url.pathname.split('/').pop() ?? '');
    if (third === undefined) return this.#create(body);
    for (const hash of this.#pending.keys()) this.#look(hash);
    if (method === 'GET') return json({ id: Number(third), nextChallengeEpoch: 0, pieces: this.dataSet.map((piece) => ({ ...piece, subPieceCid: piece.pieceCid, subPieceOffset: 0 })) });
    if (method === 'DELETE') return this.#remove(Number(fifth));
    return this.#add(body);
  }

  #bytes(bytes: Buffer | undefined): Answer { return bytes === undefined ? { status: 404 } : { status: 200, body: bytes }; }

  #begin(pieceCid: string): Answer {
    if (this.pieces.has(pieceCid)) return json({ pieceCid });
    const uuid = randomUUID();
    this.#uploads.set(uuid, pieceCid);
    return { status: 201, headers: { location: `/pdp/piece/upload/${uuid}` } };
  }

  #upload(uuid: string, body: Buffer): Answer {
    const wanted = this.#uploads.get(uuid);
    this.#uploads.delete(uuid);
    if (wanted === undefined) return { status: 404, body: 'no such upload' };
    if (pieceCidV2(commitPayload(body)) !== wanted) return { status: 400, body: 'the bytes are not of this piece' };
    this.pieces.set(wanted, body);
    return { status: 204 };
  }

  #create(body: Buffer): Answer {
    const { recordKeeper, extraData } = fieldsOf(body);
    if (recordKeeper !== this.domain.verifyingContract) return { status: 400, body: 'another record keeper' };
    const [payer, clientId] = AbiCoder.defaultAbiCoder().decode(['address', 'uint256', 'string[]', 'string[]', 'bytes'], String(extraData)) as unknown as readonly [string, bigint];
    if (this.clientId !== 0n) return { status: 409, body: 'this number is taken' };
    [this.payer, this.clientId] = [payer, clientId];
    return this.#transaction('/pdp/data-sets/created', () => ({ dataSetCreated: true, ok: true, dataSetId: 12 }));
  }

  #add(body: Buffer): Answer {
    const { pieces, extraData } = fieldsOf(body) as unknown as { readonly pieces: readonly { readonly pieceCid: string }[]; readonly extraData: string };
    const [nonce, , , signature] = AbiCoder.defaultAbiCoder().decode(['uint256', 'string[][]', 'string[][]', 'bytes'], extraData) as unknown as readonly [bigint, unknown, unknown, string];
    const signer = verifyTypedData({ name: 'FilecoinWarmStorageService', version: '1', ...this.domain }, types, {
      clientDataSetId: this.clientId, nonce, pieceData: pieces.map(({ pieceCid }) => ({ data: hexlify(cidBytesOf(pieceCid) ?? Buffer.alloc(0)) })),
      pieceMetadata: pieces.map((_, pieceIndex) => ({ pieceIndex, metadata: [] })),
    }, signature);
    if (signer !== this.payer) return { status: 400, body: `signed by ${signer}` };
    if (this.#nonces.has(nonce)) return { status: 409, body: 'the nonce was spent' };
    if (pieces.some(({ pieceCid }) => !this.pieces.has(pieceCid))) return { status: 400, body: 'a piece is not here' };
    this.#nonces.add(nonce);
    return this.#transaction('/pdp/data-sets/12/pieces/added', () => {
      const added = pieces.map(({ pieceCid }) => ({ pieceCid, pieceId: this.#next++ }));
      this.dataSet.push(...added);
      return { piecesAdded: true, addMessageOk: true, confirmedPieceIds: added.map(({ pieceId }) => pieceId) };
    });
  }

  #remove(pieceId: number): Answer {
    this.dataSet.splice(0, this.dataSet.length, ...this.dataSet.filter((piece) => piece.pieceId !== pieceId));
    return json({ txHash: `0x${'0'.repeat(64)}` });
  }

  #transaction(place: string, done: () => Readonly<Record<string, unknown>>): Answer {
    const hash = `0x${createHash('sha256').update(randomUUID()).digest('hex')}`;
    this.#pending.set(hash, { looks: this.chainTakes, done });
    return { status: 201, headers: { location: `${place}/${hash}` } };
  }

  /** Time passes by being looked at. */
  #look(hash: string): Answer {
    const pending = this.#pending.get(hash);
    if (pending === undefined) return { status: 404 };
    pending.looks -= 1;
    if (pending.looks > 0) return json({ txStatus: 'pending', piecesAdded: false, dataSetCreated: false });
    pending.shown ??= pending.done();
    return json({ txStatus: 'confirmed', ...pending.shown });
  }
}

/** A bundling service and a gateway in one. */
export class FixtureBundler extends FixtureService {
  readonly data = new Map<string, Buffer>();
  readonly failed = new Set<string>();

  protected answer(method: string, url: URL, body: Buffer): Answer {
    const [first, id = ''] = url.pathname.split('/').slice(1);
    if (first !== 'tx') return this.data.has(first ?? '') ? { status: 200, body: this.data.get(first ?? '') ?? '' } : { status: 404 };
    if (method === 'GET') return this.data.has(id) || this.failed.has(id) ? json({ status: this.failed.has(id) ? 'FAILED' : 'CONFIRMED' }) : { status: 404 };
    const item = openItem(body);
    if (item === null) return { status: 400, body: 'Invalid Data Item!' };
    if (this.data.has(item.id)) return { status: 202 };
    this.failed.delete(item.id);
    this.data.set(item.id, item.data);
    return json({ id: item.id, timestamp: 0, winc: '0', version: '0.2.0', deadlineHeight: 1 });
  }
}

/** Of an Ethereum key, without target and anchor. */
function openItem(bytes: Buffer): { readonly id: string; readonly data: Buffer } | null {
  if (bytes.length < 150 || bytes.readUInt16LE(0) !== 3) return null;
  const [signature, owner] = [bytes.subarray(2, 67), bytes.subarray(67, 132)];
  const data = bytes.subarray(150 + bytes.readUIntLE(142, 6));
  let holds = false;
  // Made anew with its own tag, the message that was signed shows.
  void dataItemOf(data, [{ name: 'Content-Type', value: 'application/vnd.ipld.car' }], {
    publicKey: owner,
    sign: (message) => {
      holds = verifyMessage(message, hexlify(signature)) === computeAddress(hexlify(owner));
      return Promise.resolve(signature);
    },
  });
  return holds ? { id: createHash('sha256').update(signature).digest('base64url'), data: Buffer.from(data) } : null;
}

function json(value: object): Answer { return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }; }

function fieldsOf(body: Buffer): Readonly<Record<string, unknown>> { return JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>; }
