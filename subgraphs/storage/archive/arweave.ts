// The archive on Arweave: each CAR is a signed data item that a bundling service takes and writes down for good. Nothing is ever removed
// from there, so what lies there is sealed, and nothing about it is told beside it. Source: ANS-104; the HTTP API of bundling services.
//   POST /tx                the data item; 200 with its receipt, 202 it was there, 402 the account is empty
//   GET  /tx/<id>/status    CONFIRMED or FINALIZED, FAILED; 404 nobody knows it
//   GET  /<id>              at a gateway: the data
import { getBytes, SigningKey, Wallet } from 'ethers';
import { messageOf } from '@oort/kernel-wire';
import type { ColdDeposit } from '@oort/schema/events/storage';
import { dataItemOf, type DataItemSigner } from '../archive-formats/data-item';
import { ArchiveCopyLost, ArchiveServiceFailed } from './faults';
import { depositOf, type ArchiveBackend, type ColdSegment, type SealedCar } from './port';
import { callService, jsonOf, type ServiceOptions } from './service-call';

export interface ArweaveOptions extends Partial<Omit<ServiceOptions, 'backend'>> {
  /** Both with a slash at their end. */
  readonly bundlerUrl: URL;
  readonly gatewayUrl: URL;
  /** Hex, of an Ethereum account that the bundling service knows as paying. */
  readonly privateKey: string;
}

export type DataItemStatus = 'CONFIRMED' | 'FINALIZED' | 'FAILED' | 'UNKNOWN';

export const arweaveName = 'arweave';

const tags = [{ name: 'Content-Type', value: 'application/vnd.ipld.car' }];

export class ArweaveArchive implements ArchiveBackend {
  readonly name = arweaveName;
  readonly #options: ArweaveOptions;
  readonly #service: ServiceOptions;
  readonly #signer: DataItemSigner;

  constructor(options: ArweaveOptions) {
    this.#options = options;
    this.#service = { ...options, backend: arweaveName };
    const wallet = new Wallet(options.privateKey);
    this.#signer = {
      publicKey: Buffer.from(getBytes(SigningKey.computePublicKey(wallet.privateKey, false))),
      sign: async (message) => Buffer.from(getBytes(await wallet.signMessage(message))),
    };
  }

  /** Signatures are made without chance (RFC 6979), so that the same bytes are the same item, whoever sends them again. */
  async keep({ bytes }: Pick<SealedCar, 'bytes'>): Promise<{ readonly deposit: ColdDeposit }> {
    const item = await dataItemOf(bytes, tags, this.#signer);
    const deposit = { backend: arweaveName, at: this.#options.gatewayUrl.href, locator: item.id };
    if (isKept(await this.status(item.id))) return { deposit };
    const answer = await callService(this.#service, {
      url: new URL('tx', this.#options.bundlerUrl), method: 'POST', body: item.bytes, headers: { 'content-type': 'application/octet-stream' },
    });
    const { id } = jsonOf(answer);
    // 202 says that it was there and has no receipt.
    if (answer.status !== 202 && id !== item.id) throw new ArchiveServiceFailed(arweaveName, answer.status, `it took ${item.id} and confirms ${String(id)}`);
    if (answer.status === 202 && !isKept(await this.status(item.id))) throw new ArchiveServiceFailed(arweaveName, 202, `it says that ${item.id} was there and does not show it`);
    return { deposit };
  }

  async status(id: string): Promise<DataItemStatus> {
    const answer = await callService(this.#service, { url: new URL(`tx/${id}/status`, this.#options.bundlerUrl), accepts: [404] });
    const { status } = answer.status === 404 ? {} : jsonOf(answer) as { readonly status?: unknown };
    return status === 'CONFIRMED' || status === 'FINALIZED' || status === 'FAILED' ? status : 'UNKNOWN';
  }

  async fetch(cold: ColdSegment): Promise<Buffer> {
    const deposit = depositOf(cold, arweaveName);
    const lost = (reason: ArchiveCopyLost['reason'], detail: string): ArchiveCopyLost => new ArchiveCopyLost(arweaveName, cold.placement.segmentId, reason, detail);
    if (deposit === null) throw lost('missing', 'it was never kept there');
    const answer = await callService(this.#service, { url: new URL(deposit.locator, deposit.at), accepts: [404, 410], mostBytes: cold.placement.sizeBytes })
      .catch((error: unknown) => { throw lost('unreachable', messageOf(error)); });
    if (answer.status >= 300) throw lost('missing', `HTTP ${answer.status}`);
    return answer.body;
  }

  /** Nothing is removed from there; who destroys the account's key has destroyed what it can open. */
  remove(): Promise<void> { return Promise.resolve(); }
}

function isKept(status: DataItemStatus): boolean { return status === 'CONFIRMED' || status === 'FINALIZED'; }
