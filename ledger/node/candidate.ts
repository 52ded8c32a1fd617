// A candidate draws one ticket an epoch (OLYMPUS.md section 4). The draw is deterministic: a restart makes the same approve
// again, and the pool knows it. It is made when the first MCI of the epoch has run, so an idle chain stays silent.
import { epochOf } from '@oort/ledger-chain';
import type { ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import { anchorMciOf, drawTicket } from '@oort/ledger-election';
import type { StableChain } from '@oort/ledger-execution';
import type { WitnessKey } from './witness-keys';

export class Candidate {
  readonly #key: WitnessKey;
  readonly #chain: StableChain;
  readonly #parameters: ChainParameters;
  #drawn = -1;

  constructor(key: WitnessKey, chain: StableChain, parameters: ChainParameters) {
    this.#key = key;
    this.#chain = chain;
    this.#parameters = parameters;
  }

  /** The approve to send now that `mci` has run; null where there is none. Cost: one VRF proof an epoch, about 10 ms. */
  draw(mci: number): Hex | null {
    const epoch = epochOf(mci, this.#parameters);
    if (this.#parameters.elections === undefined || epoch <= this.#drawn) return null;
    this.#drawn = epoch;
    const anchor: Hash | undefined = this.#chain.trunkAt(anchorMciOf(epoch, this.#parameters.epochLength));
    if (anchor === undefined || !this.#chain.stakers(epoch).includes(this.#key.address)) return null;
    return drawTicket(this.#key.privateKey, { epoch, anchor, chainId: this.#parameters.chainId });
  }
}
