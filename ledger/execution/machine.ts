// The EVM on our flat state: @ethereumjs/vm with the environment of OLYMPUS.md section 3, rule 10.
import { createBlock, paramsBlock } from '@ethereumjs/block';
import type { Block as EvmBlock } from '@ethereumjs/block';
import { Common, Hardfork, Mainnet, createCustomCommon } from '@ethereumjs/common';
import { createEVM, paramsEVM } from '@ethereumjs/evm';
import { paramsTx } from '@ethereumjs/tx';
import { createVM, paramsVM } from '@ethereumjs/vm';
import type { VM } from '@ethereumjs/vm';
import { EthereumJSError } from '@ethereumjs/util';
import type { PrefixedHexString } from '@ethereumjs/util';
import { keccakBytes, recoverKey, zeroHash } from '@oort/ledger-chain';
import type { Address, ChainParameters, Hash } from '@oort/ledger-chain';
import type { FlatState } from './flat-state';

export interface Environment {
  /** Stable index. */
  readonly number: number;
  readonly timestamp: number;
  readonly coinbase: Address;
  /** What PREVRANDAO shows: the hash of the MCI's trunk block. Its author can grind it, so it is no fair dice. */
  readonly random: Hash;
}

const hardforks = { london: Hardfork.London, shanghai: Hardfork.Shanghai, cancun: Hardfork.Cancun } as const;

const signatureBytes = 64;

/** Building one takes 0.3 ms, more than a transfer. */
const commons = new WeakMap<ChainParameters, Common>();

export function commonOf(parameters: ChainParameters): Common {
  const known = commons.get(parameters);
  if (known !== undefined) return known;
  const { chainId, name, hardfork } = parameters;
  const common = createCustomCommon({ chainId, name }, Mainnet, {
    hardfork: hardforks[hardfork], customCrypto: { keccak256: keccakBytes, ecrecover: recover },
  });
  // Every transaction and block would merge the same parameters into its copy again, which takes longer than a transfer.
  const merged = [paramsTx, paramsBlock, paramsEVM, paramsVM];
  for (const params of merged) common.updateParams(params);
  common.updateParams = function updateParams(this: Common, params) {
    if (!merged.includes(params)) Common.prototype.updateParams.call(this, params);
  };
  // The fork never changes here, and every instruction asks several times, each a search through a list.
  const active = new Map<number, boolean>();
  common.isActivatedEIP = (eip) => {
    const known = active.get(eip) ?? Common.prototype.isActivatedEIP.call(common, eip);
    active.set(eip, known);
    return known;
  };
  commons.set(parameters, common);
  return common;
}

/** As the library asks for it: the key without its first byte. `v` is a parity, or 27 and more, or of EIP-155. */
function recover(digest: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array, chainId?: bigint): Uint8Array {
  const parity = v <= 1n ? v : chainId === undefined ? v - 27n : v - (chainId * 2n + 35n);
  const signature = Buffer.alloc(signatureBytes);
  signature.set(r, signatureBytes / 2 - r.length);
  signature.set(s, signatureBytes - s.length);
  const key = parity === 0n || parity === 1n ? recoverKey(digest, signature, Number(parity)) : null;
  if (key === null) throw new EthereumJSError({ code: 'INVALID_SIGNATURE' }, 'no key can have made this signature');
  return key.subarray(1);
}

/** `hashAt` answers BLOCKHASH: the hash of the block with that stable index. */
export async function createMachine(
  state: FlatState, parameters: ChainParameters, hashAt: (index: number) => Hash | undefined,
): Promise<VM> {
  const common = commonOf(parameters);
  const blockchain = {
    getBlock: (index: number) => Promise.resolve({ hash: () => bytesOf(hashAt(index) ?? zeroHash) }),
    putBlock: () => Promise.resolve(),
    shallowCopy: () => blockchain,
  };
  const evm = await createEVM({ common, stateManager: state, blockchain });
  return createVM({ common, stateManager: state, evm });
}

export function evmBlock(environment: Environment, parameters: ChainParameters, common: Common): EvmBlock {
  return createBlock({
    header: {
      number: environment.number,
      timestamp: environment.timestamp,
      coinbase: environment.coinbase as PrefixedHexString,
      gasLimit: parameters.blockGasLimit,
      baseFeePerGas: BigInt(parameters.baseFeePerGasWei),
      difficulty: 0,
      ...(parameters.hardfork === 'london' ? {} : { mixHash: bytesOf(environment.random) }),
    },
  }, { common, freeze: false, skipConsensusFormatValidation: true });
}

export function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex');
}
