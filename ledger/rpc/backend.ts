import type { Json } from '@oort/kernel-wire';
import type { Address, Block, ChainParameters, GenesisDocument, Hash, Hex, SignedTransaction } from '@oort/ledger-chain';
import type { ExecutedMci, StableChain, StateReading } from '@oort/ledger-execution';

/** What a node shows through its door. */
export interface RpcBackend {
  readonly parameters: ChainParameters;
  readonly genesis: GenesisDocument;
  readonly genesisHash: Hash;
  readonly chain: StableChain;
  readonly state: StateReading;
  readonly pending: {
    readonly get: (hash: Hash) => SignedTransaction | undefined;
    /** The nonce after everything of this account that waits without a gap. */
    readonly nextNonce: (address: Address) => number;
    readonly size: () => number;
  };
  /** A valid block that is not stable yet. */
  readonly unstableBlock: (hash: Hash) => Block | undefined;
  /** Answers when the transaction is on disk; throws LedgerFault. */
  readonly submit: (raw: Hex) => Promise<Hash>;
  readonly lastMci: () => number;
  /** Whether it is far behind its peers and asks them for what it lacks. */
  readonly syncing: () => boolean;
  readonly peers: () => readonly { readonly address: string | null; readonly [field: string]: Json }[];
  /** Of every node that it knows of, linked with it or not. */
  readonly addresses: () => readonly string[];
  /** The highest stable index that a peer has told; 0 without peers. */
  readonly farthest: () => number;
  readonly halted: () => string | null;
  /** How many blocks wait, by what they wait for; how many were refused since the start, by the rule that they broke. */
  readonly blocks: () => { readonly held: ReadonlyMap<string, number>; readonly refused: ReadonlyMap<string, number> };
  readonly receiptProof: (transaction: Hash) => Promise<Json>;
  readonly now: () => number;
  /** A transaction that was not known before and waits now. */
  readonly onPending: (listener: (hash: Hash) => void) => () => void;
  readonly onExecuted: (listener: (executed: ExecutedMci) => void) => () => void;
}
