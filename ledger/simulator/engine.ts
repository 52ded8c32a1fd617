// What a simulation takes from outside: who signs, who recovers, who executes. The stand-ins make seeds cheap; `real-engine.ts` has the
// real ones. The rules of `dag/` are real in both.
import type { Address, Block, BlockBody, ChainParameters, Hash } from '@oort/ledger-chain';
import type { Entry, StableBatch } from '@oort/ledger-dag';
import { genesisEntry, standInSummary, unsigned, witnessAddress } from '@oort/ledger-dag/world';
import type { SimulatedTransaction } from './network';

/** Runs the final order of one witness. */
export interface Execution {
  /** To be told of a transaction before a batch that links it is submitted. */
  readonly learn: (transaction: SimulatedTransaction) => void;
  readonly submit: (batch: StableBatch) => void;
  /** Undefined until the block has run. */
  readonly summary: (hash: Hash) => Hash | undefined;
  readonly serving: (epoch: number) => readonly Address[] | undefined;
  /** Null where nothing is under way. */
  readonly settled: () => Promise<void> | null;
  /** The process has died and starts anew on what its store has; `ready` is called when it stands, `settled` waits for it. */
  readonly restart: (ready: () => void) => void;
  /** What must hold besides the order, in words where it does not. */
  readonly complaints: (transactions: readonly SimulatedTransaction[]) => readonly string[];
}

export interface Engine {
  readonly parameters: ChainParameters;
  readonly genesis: Entry;
  readonly address: (seat: number) => Address;
  readonly sign: (seat: number, body: BlockBody) => Block;
  readonly recover: (block: Block) => Address | null;
  /** `place` in the network: a witness that runs twice has two. */
  readonly execution: (place: number) => Execution;
  readonly transaction: (account: number, nonce: number) => SimulatedTransaction;
  readonly close: () => Promise<void>;
}

/** Summaries without an EVM, blocks without signatures. `serving` is the draw of sets. */
export function standIns(parameters: ChainParameters, serving: (epoch: number) => readonly Address[]): Engine {
  const execution: Execution = {
    learn: () => undefined, submit: () => undefined, summary: standInSummary, serving,
    settled: () => null, restart: (ready) => { ready(); }, complaints: () => [],
  };
  return {
    parameters, genesis: genesisEntry(parameters), address: witnessAddress,
    sign: (_, body) => unsigned(body), recover: (block) => block.from,
    execution: () => execution,
    transaction: (account, nonce) => ({
      hash: `0x${(nonce * 1000 + account + 1).toString(16).padStart(64, 'c')}`, from: `0x${account.toString(16).padStart(40, 'a')}`, nonce,
    }),
    close: () => Promise.resolve(),
  };
}
