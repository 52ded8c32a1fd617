// The real signatures and the real executor: secp256k1 on every block and transaction, the EVM on LMDB, one store per witness.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningKey, Transaction, computeAddress, id } from 'ethers';
import { genesisBlock, recoverAuthor, signBlock } from '@oort/ledger-chain';
import type { ChainParameters, GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { applyGenesis, Executor, openChainStore } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { Entry } from '@oort/ledger-dag';
import type { Engine, Execution } from './engine';
import type { SimulatedTransaction } from './network';

const accounts = 5;
const keyOf = (name: string): Hex => id(`olympus simulator ${name}`);
const addressOf = (key: Hex): Hex => computeAddress(key).toLowerCase();
const sink = addressOf(keyOf('sink'));

export async function realEngine(parameters: ChainParameters, places: number): Promise<Engine> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-sim-'));
  const document: GenesisDocument = {
    parameters, deployments: [],
    witnesses: Array.from({ length: parameters.witnessCount }, (_, seat) => addressOf(keyOf(`witness ${seat}`))),
    allocations: Object.fromEntries(Array.from({ length: accounts }, (_, account) =>
      [addressOf(keyOf(`account ${account}`)), (10n ** 20n).toString()])),
  };
  const block = genesisBlock(document);
  const genesis: Entry = { hash: block.hash, block, level: 0, witnessedLevel: 0, bestParent: null };
  const executions: RealExecution[] = [];
  for (let place = 0; place < places; place += 1) {
    const store = openChainStore(join(directory, String(place)));
    await applyGenesis(store, document, new Map());
    executions.push(new RealExecution(store, parameters, await Executor.open(store, parameters, () => undefined), place));
  }
  return {
    parameters, genesis,
    address: (seat) => addressOf(keyOf(`witness ${seat}`)),
    sign: (seat, body) => signBlock(body, keyOf(`witness ${seat}`)),
    recover: ({ hash, signature }) => recoverAuthor(hash, signature),
    execution: (place) => executions[place] as Execution,
    transaction: (account, nonce) => signed(parameters, account, nonce),
    close: async () => {
      for (const execution of executions) await execution.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function signed({ chainId }: ChainParameters, account: number, nonce: number): SimulatedTransaction {
  const key = keyOf(`account ${account}`);
  const transaction = Transaction.from({ to: sink, value: 1n, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0, chainId });
  transaction.signature = new SigningKey(key).sign(transaction.unsignedHash);
  return { hash: transaction.hash ?? '', from: addressOf(key), nonce, raw: transaction.serialized };
}

class RealExecution implements Execution {
  readonly #store: ChainStore;
  readonly #parameters: ChainParameters;
  readonly #place: number;
  #executor: Executor;
  #busy = false;
  #reopening: Promise<void> = Promise.resolve();

  constructor(store: ChainStore, parameters: ChainParameters, executor: Executor, place: number) {
    this.#store = store;
    this.#parameters = parameters;
    this.#executor = executor;
    this.#place = place;
  }

  readonly learn = ({ hash, raw }: SimulatedTransaction): void => {
    if (raw !== undefined && this.#executor.chain.receipt(hash) === undefined) this.#store.pool.putSync(hash, raw);
  };

  readonly submit: Execution['submit'] = (batch) => {
    this.#busy = true;
    this.#executor.submit(batch);
  };

  readonly summary = (hash: Hash): Hash | undefined => this.#executor.chain.summary(hash);

  readonly serving: Execution['serving'] = (epoch) => this.#executor.chain.witnesses(epoch);

  readonly settled = (): Promise<void> | null => {
    if (!this.#busy) return null;
    this.#busy = false;
    return this.#reopening.then(() => this.#executor.settled());
  };

  /** What the executor commits it commits with its stable point, so a new one goes on behind it and runs nothing twice. */
  readonly restart: Execution['restart'] = (ready) => {
    this.#busy = true;
    this.#reopening = this.#executor.settled()
      .then(() => Executor.open(this.#store, this.#parameters, () => undefined))
      .then((executor) => {
        this.#executor = executor;
        ready();
      });
  };

  /** Each transfer of one wei has run once, with success. */
  readonly complaints: Execution['complaints'] = (transactions) => {
    const { chain } = this.#executor;
    const failed = transactions.filter(({ hash }) => chain.receipt(hash)?.status !== 1);
    return failed.length === 0 ? [] : [`witness ${this.#place}: ${failed.length} transactions have no receipt that says success`];
  };

  async close(): Promise<void> {
    await this.#executor.settled().catch(() => undefined);
    await this.#store.root.close();
  }
}
