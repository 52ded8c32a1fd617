// The archive at a Filecoin provider that proves possession on chain (PDP): each CAR is a piece under its commitment, and the pieces of an
// archive are added to a data set that this platform pays for. Source: the PDP API of Curio as the Synapse SDK uses it.
//   POST   /pdp/piece {pieceCid}                    200 it is there; 201 with the place of the upload
//   PUT    /pdp/piece/upload/<uuid>                 the bytes; 204
//   GET    /pdp/piece?pieceCid=                     200 once it is kept and checked; 202, 404 before
//   POST   /pdp/data-sets                           201 with the place of its status; so is the next
//   POST   /pdp/data-sets/<id>/pieces
//   GET    /pdp/data-sets/<id>                      what is in it
//   DELETE /pdp/data-sets/<id>/pieces/<id>
//   GET    /piece/<pieceCid>                        the bytes
import { setTimeout as delay } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { messageOf } from '@oort/kernel-wire';
import type { ColdDeposit } from '@oort/schema/events/storage';
import { ArchiveCopyLost, ArchiveServiceFailed } from './faults';
import { nonceOf, signAddPieces, signCreateDataSet, signRemovals, type FilecoinSigner } from './filecoin-signatures';
import { depositOf, type ArchiveBackend, type ColdSegment } from './port';
import { callService, jsonOf, untilReady, type ServiceAnswer, type ServiceCall, type ServiceOptions } from './service-call';

export interface DataSet { readonly id: string; /** By which the payer numbers it. */ readonly clientId: bigint }

/** Where a data set that was made is remembered. */
export interface DataSetMemory {
  /** Null while there is none. */
  load(): Promise<DataSet | null>;
  /** Resolves once it survives a power cut. */
  save(dataSet: DataSet): Promise<void>;
}

export interface FilecoinOptions extends Partial<Omit<ServiceOptions, 'backend'>> {
  /** Of the provider's PDP API, with a slash at its end. */
  readonly serviceUrl: URL;
  readonly signer: FilecoinSigner;
  /** The provider's address: whom a data set pays. Needed to make one. */
  readonly payee: string | null;
  readonly memory: DataSetMemory;
  /** Between two looks at what takes the chain a while. Default: 4 s. */
  readonly pollMs?: number;
  /** How often it looks whether pieces come that it was refused to add. Default: 30 times, four of the chain's rounds. */
  readonly looks?: number;
  /** Default: ten minutes. */
  readonly longestMs?: number;
}

export const filecoinName = 'filecoin';

/** The bounds of the API. */
const [smallestPiece, mostPiecesAtOnce] = [127, 32];
/** To add the same pieces, each under a nonce of its own. */
const mostAttempts = 4;

export class FilecoinArchive implements ArchiveBackend {
  readonly name = filecoinName;
  readonly #options: FilecoinOptions;
  readonly #service: ServiceOptions & { readonly pollMs: number; readonly longestMs: number };
  #dataSet: Promise<DataSet> | null = null;
  /** One change of the data set at a time, so that what was looked at is still so. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FilecoinOptions) {
    this.#options = options;
    this.#service = { ...options, backend: filecoinName, pollMs: options.pollMs ?? 4_000, longestMs: options.longestMs ?? 600_000 };
  }

  async keep({ pieceCid, bytes }: { readonly pieceCid: string; readonly bytes: Buffer }): Promise<{ readonly deposit: ColdDeposit }> {
    if (bytes.length < smallestPiece) throw new ArchiveServiceFailed(filecoinName, null, `a piece has at least ${smallestPiece} bytes`);
    if (!(await this.#isParked(pieceCid))) {
      await this.#upload(pieceCid, bytes);
      await untilReady(this.#service, async () => (await this.#isParked(pieceCid) ? true : null), `taking piece ${pieceCid}`);
    }
    return { deposit: { backend: filecoinName, at: this.#options.serviceUrl.href, locator: pieceCid } };
  }

  confirm(deposits: readonly ColdDeposit[]): Promise<readonly ColdDeposit[]> {
    return this.#inTurn(async () => {
      const dataSet = await this.#ownDataSet();
      const wanted = [...new Set(deposits.map(({ locator }) => locator))];
      for (let start = 0; start < wanted.length; start += mostPiecesAtOnce) await this.#add(dataSet, wanted.slice(start, start + mostPiecesAtOnce));
      const present = await this.#pieces(dataSet);
      return deposits.map((deposit) => ({ ...deposit, dataSet: dataSet.id, piece: present.get(deposit.locator) ?? '' }));
    });
  }

  async fetch(cold: ColdSegment): Promise<Buffer> {
    const deposit = depositOf(cold, filecoinName);
    const lost = (reason: ArchiveCopyLost['reason'], detail: string): ArchiveCopyLost => new ArchiveCopyLost(filecoinName, cold.placement.segmentId, reason, detail);
    if (deposit === null) throw lost('missing', 'it was never kept there');
    const url = new URL(`piece/${deposit.locator}`, deposit.at);
    const answer = await callService(this.#service, { url, accepts: [404, 410], mostBytes: cold.placement.sizeBytes })
      .catch((error: unknown) => { throw lost('unreachable', messageOf(error)); });
    if (answer.status >= 300) throw lost('missing', `HTTP ${answer.status}`);
    return answer.body;
  }

  /** Asked once: what stays costs money and tells nobody anything. */
  async remove(cold: readonly ColdSegment[]): Promise<void> {
    const placed = cold.flatMap((segment) => depositOf(segment, filecoinName) ?? []).flatMap(({ dataSet, piece }) => (dataSet === undefined || !piece ? [] : [{ dataSet, piece }]));
    if (placed.length === 0) return;
    await this.#inTurn(async () => {
      const own = await this.#ownDataSet();
      for (const { dataSet, piece } of placed.filter((place) => place.dataSet === own.id)) {
        const extraData = await signRemovals(this.#options.signer, own.clientId, [BigInt(piece)]);
        await this.#call({ url: this.#url(`pdp/data-sets/${dataSet}/pieces/${piece}`), method: 'DELETE', ...json({ extraData }), accepts: [404] });
      }
    });
  }

  async #isParked(pieceCid: string): Promise<boolean> {
    const answer = await this.#call({ url: this.#url(`pdp/piece?${new URLSearchParams({ pieceCid }).toString()}`), accepts: [404] });
    if (answer.status !== 200) return false;
    const found = jsonOf(answer)['pieceCid'];
    if (found !== pieceCid) throw new ArchiveServiceFailed(filecoinName, answer.status, `asked for ${pieceCid} it shows ${String(found)}`);
    return true;
  }

  /** An upload that breaks off is begun anew: the place of the one before may be spent. */
  async #upload(pieceCid: string, bytes: Buffer): Promise<void> {
    const { attempts = 5 } = this.#service;
    for (let attempt = 1; ; attempt += 1) {
      const begun = await this.#call({ url: this.#url('pdp/piece'), method: 'POST', ...json({ pieceCid }) });
      if (begun.status === 200) return;
      const uuid = begun.location?.split('/').pop() ?? '';
      if (!/^[0-9a-zA-Z-]{1,64}$/.test(uuid)) throw new ArchiveServiceFailed(filecoinName, begun.status, 'it does not say where to upload to');
      try {
        await callService({ ...this.#service, attempts: 1 }, { url: this.#url(`pdp/piece/upload/${uuid}`), method: 'PUT', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
        return;
      } catch (error) {
        const passes = error instanceof ArchiveServiceFailed && (error.status === null || error.status === 404 || error.status === 429 || error.status >= 500);
        if (!passes || attempt >= attempts) throw error;
      }
    }
  }

  /** What the data set lacks of these. Whether a refusal means that they were added before, by whoever was killed then, shows the next look. */
  async #add(dataSet: DataSet, pieceCids: readonly string[]): Promise<void> {
    const { looks = 30 } = this.#options;
    const day = new Date().toISOString().slice(0, 10);
    let refused: ArchiveServiceFailed | null = null;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const present = await this.#pieces(dataSet);
      const missing = pieceCids.filter((pieceCid) => !present.has(pieceCid));
      if (missing.length === 0) return;
      const nonce = nonceOf([String(dataSet.clientId), day, String(attempt), ...missing]);
      const extraData = await signAddPieces(this.#options.signer, dataSet.clientId, nonce, missing);
      const pieces = missing.map((pieceCid) => ({ pieceCid, subPieces: [{ subPieceCid: pieceCid }] }));
      try {
        const answer = await this.#call({ url: this.#url(`pdp/data-sets/${dataSet.id}/pieces`), method: 'POST', ...json({ pieces, extraData }) });
        await this.#settled(answer, 'piecesAdded', 'adding pieces');
        await untilReady(this.#service, async () => (await this.#has(dataSet, missing) ? true : null), 'showing pieces that were added');
        return;
      } catch (error) {
        if (!(error instanceof ArchiveServiceFailed)) throw error;
        refused = error;
        // Another nonce only when they do not come: they would be added, and paid for, twice.
        for (let look = 0; look < looks; look += 1) {
          if (await this.#has(dataSet, missing)) return;
          await delay(this.#service.pollMs);
        }
      }
    }
    throw refused ?? new ArchiveServiceFailed(filecoinName, null, 'nothing was asked');
  }

  async #has(dataSet: DataSet, pieceCids: readonly string[]): Promise<boolean> {
    const present = await this.#pieces(dataSet);
    return pieceCids.every((pieceCid) => present.has(pieceCid));
  }

  async #pieces({ id }: DataSet): Promise<ReadonlyMap<string, string>> {
    const { pieces } = jsonOf(await this.#call({ url: this.#url(`pdp/data-sets/${id}`), mostBytes: 256 * 1024 * 1024 }));
    if (!Array.isArray(pieces)) throw new ArchiveServiceFailed(filecoinName, 200, `data set ${id} has no list of pieces`);
    return new Map(pieces.flatMap((piece: unknown) => {
      const { pieceCid, pieceId } = typeof piece === 'object' && piece !== null ? piece as Readonly<Record<string, unknown>> : {};
      return typeof pieceCid === 'string' ? [[pieceCid, String(pieceId)] as const] : [];
    }));
  }

  #ownDataSet(): Promise<DataSet> {
    this.#dataSet ??= this.#findDataSet().catch((error: unknown) => {
      this.#dataSet = null;
      throw error;
    });
    return this.#dataSet;
  }

  /** The payer's number of the data set follows from its key, so that one that is made twice is refused by the contract. */
  async #findDataSet(): Promise<DataSet> {
    const { memory, payee, signer, serviceUrl } = this.#options;
    const known = await memory.load();
    if (known !== null) return known;
    if (payee === null) throw new ArchiveServiceFailed(filecoinName, null, 'there is no data set yet, and none is made without the payee');
    const clientId = nonceOf([computeAddress(signer.privateKey), serviceUrl.href, payee]);
    const extraData = await signCreateDataSet(signer, clientId, payee);
    const answer = await this.#call({ url: this.#url('pdp/data-sets'), method: 'POST', ...json({ recordKeeper: signer.contract, extraData }) });
    const made = await this.#settled(answer, 'dataSetCreated', 'making a data set');
    const dataSet = { id: String(made['dataSetId']), clientId };
    if (!/^\d{1,20}$/.test(dataSet.id)) throw new ArchiveServiceFailed(filecoinName, 200, 'a data set was made and has no id');
    await memory.save(dataSet);
    return dataSet;
  }

  /** Once the chain has it. Throws when the chain rejected it. */
  async #settled({ location, status }: ServiceAnswer, done: string, what: string): Promise<Readonly<Record<string, unknown>>> {
    if (location === null) throw new ArchiveServiceFailed(filecoinName, status, `${what}: it does not say where to look`);
    const url = new URL(location, this.#options.serviceUrl);
    if (url.origin !== this.#options.serviceUrl.origin) throw new ArchiveServiceFailed(filecoinName, status, `${what}: it sends us to ${url.origin}`);
    return untilReady(this.#service, async () => {
      const answer = await this.#call({ url, accepts: [404] });
      const shown = answer.status === 200 ? jsonOf(answer) : {};
      if (shown['txStatus'] === 'rejected') throw new ArchiveServiceFailed(filecoinName, 409, `${what}: the chain rejected it`);
      return shown[done] === true ? shown : null;
    }, what);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #call(call: ServiceCall): Promise<ServiceAnswer> { return callService(this.#service, call); }

  #url(path: string): URL { return new URL(path, this.#options.serviceUrl); }
}

function json(value: object): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  return { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } };
}
