// What the payer of a data set signs for Filecoin's warm storage service: EIP-712 over the contract's own types, carried as ABI in
// `extraData`, which the provider hands on to the contract. Source: FilOzone/filecoin-services (FilecoinWarmStorageService), Synapse SDK.
import { AbiCoder, Wallet } from 'ethers';
import { sha256 } from '@oort/kernel-wire';
import { cidBytesOf } from '../archive-formats/cid';

export interface FilecoinSigner {
  /** Hex, of the payer. */
  readonly privateKey: string;
  readonly chainId: number;
  /** Of the warm storage service. */
  readonly contract: string;
}

const cid = [{ name: 'data', type: 'bytes' }];
const metadataEntry = [{ name: 'key', type: 'string' }, { name: 'value', type: 'string' }];
const pieceMetadata = [{ name: 'pieceIndex', type: 'uint256' }, { name: 'metadata', type: 'MetadataEntry[]' }];
const types = {
  create: {
    MetadataEntry: metadataEntry,
    CreateDataSet: [{ name: 'clientDataSetId', type: 'uint256' }, { name: 'payee', type: 'address' }, { name: 'metadata', type: 'MetadataEntry[]' }],
  },
  add: {
    MetadataEntry: metadataEntry, Cid: cid, PieceMetadata: pieceMetadata,
    AddPieces: [
      { name: 'clientDataSetId', type: 'uint256' }, { name: 'nonce', type: 'uint256' }, { name: 'pieceData', type: 'Cid[]' }, { name: 'pieceMetadata', type: 'PieceMetadata[]' },
    ],
  },
  remove: { SchedulePieceRemovals: [{ name: 'clientDataSetId', type: 'uint256' }, { name: 'pieceIds', type: 'uint256[]' }] },
};

export async function signCreateDataSet(signer: FilecoinSigner, clientDataSetId: bigint, payee: string): Promise<string> {
  const wallet = new Wallet(signer.privateKey);
  const signature = await wallet.signTypedData(domainOf(signer), types.create, { clientDataSetId, payee, metadata: [] });
  return AbiCoder.defaultAbiCoder().encode(['address', 'uint256', 'string[]', 'string[]', 'bytes'], [wallet.address, clientDataSetId, [], [], signature]);
}

/** The contract takes a nonce once. */
export async function signAddPieces(signer: FilecoinSigner, clientDataSetId: bigint, nonce: bigint, pieceCids: readonly string[]): Promise<string> {
  const signature = await new Wallet(signer.privateKey).signTypedData(domainOf(signer), types.add, {
    clientDataSetId, nonce,
    pieceData: pieceCids.map((pieceCid) => ({ data: cidBytesOf(pieceCid) ?? Buffer.alloc(0) })),
    pieceMetadata: pieceCids.map((_, pieceIndex) => ({ pieceIndex, metadata: [] })),
  });
  const none = pieceCids.map(() => []);
  return AbiCoder.defaultAbiCoder().encode(['uint256', 'string[][]', 'string[][]', 'bytes'], [nonce, none, none, signature]);
}

export async function signRemovals(signer: FilecoinSigner, clientDataSetId: bigint, pieceIds: readonly bigint[]): Promise<string> {
  const signature = await new Wallet(signer.privateKey).signTypedData(domainOf(signer), types.remove, { clientDataSetId, pieceIds });
  return AbiCoder.defaultAbiCoder().encode(['bytes'], [signature]);
}

/** The same for the same parts: whoever asks again after a crash is known to the contract as the same. */
export function nonceOf(parts: readonly string[]): bigint {
  return BigInt(`0x${sha256(`oort/filecoin/${parts.join(',')}`).toString('hex')}`);
}

function domainOf({ chainId, contract }: FilecoinSigner): { readonly name: string; readonly version: string; readonly chainId: number; readonly verifyingContract: string } {
  return { name: 'FilecoinWarmStorageService', version: '1', chainId, verifyingContract: contract };
}
