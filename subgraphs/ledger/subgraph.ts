// ledger: the chain behind GraphQL, and the only place where the platform's key signs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { runReaction } from '@oort/kernel-decider';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { anchorLog } from './anchor';
import { ChainCalls } from './calls';
import { CallNotEncodable, Chain } from './chain';
import { MerkleReader, proofsOf, type LogProofs } from './merkle-reader';
import { observeLogs } from './observe';
import { callingTypes, callsFor } from './react';
import { RootPublisher } from './republish';
import { ledgerResolvers } from './resolvers';
import { JuryKeeper } from './jury-keeper';
import { LeafKeeper } from './leaf-keeper';
import { OfficerWages } from './officer-wages';
import { SlashSettler } from './settle';

export interface LedgerPorts extends SubgraphPorts {
  /** secp256k1, hex. Holds the platform's roles in the contracts. */
  readonly platformKey: string;
  /** The store as it lies on disk: the Merkle log is over ciphertext where data is not public. */
  readonly rawStore: EventStore;
  /** Default 2000. */
  readonly anchorEveryMs?: number;
}

export interface LedgerSubgraph extends Subgraph {
  readonly proofs: LogProofs;
}

export async function createLedgerSubgraph(ports: LedgerPorts): Promise<LedgerSubgraph> {
  const { store, rawStore, ledger, platformKey, anchorEveryMs = 2_000 } = ports;
  const now = (): Date => ports.now();
  const chain = await Chain.open(ledger, platformKey);
  const calls = new ChainCalls(store, chain, now);
  const reader = new MerkleReader(rawStore);
  const settler = new SlashSettler(ports, chain, calls);
  const keeper = new JuryKeeper(ports, chain, calls);
  const leaves = new LeafKeeper(ports, chain, calls);
  const wages = new OfficerWages(chain, calls);
  const publisher = new RootPublisher(ports, chain, calls);
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'ledger.graphql'), 'utf8');

  async function start(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      reader.run(signal, resolve).then(resolve, (reason: unknown) => {
        reject(reason);
        ended(signal)(reason);
      });
    });
    await calls.resume();
    const { database } = ports.readModels;
    await runReaction({ name: 'ledger.calls', store, database, subscribes: callingTypes, signal, react: async (event) => {
      const context = { anchoredSize: reader.latest?.treeSize ?? 0, rewardsAddress: chain.addressOf('Rewards'), leafBondWei: event.type === 'PossessionAudited' ? await leafBond(chain) : null, hasOfficers: chain.contracts.has('OfficerCourt') };
      for (const call of callsFor(event, context)) await calls.intend(call, event).catch(unlessUnencodable(event));
    } });
    await runReaction({ name: 'ledger.settle', store, database, subscribes: ['SlashConfirmed'], signal, react: (event) => settler.confirmed(event) });
    await runReaction({ name: 'ledger.juries', store, database, subscribes: ['SlashProposed', 'CaseAppealed'], signal, react: (event) => keeper.moved(event) });
    await runReaction({ name: 'ledger.leaves', store, database, subscribes: ['ChainLogObserved'], signal, react: (event) => leaves.observed(event) });
    await runReaction({ name: 'ledger.wages', store, database, subscribes: ['ChainLogObserved'], signal, react: (event) => wages.observed(event) });
    await runReaction({ name: 'ledger.republish', store, database, subscribes: ['ChainCallFinalised'], signal, react: (event) => publisher.finalised(event) });
    calls.run(signal).catch(ended(signal));
    observeLogs({ store, chain, now }, signal).catch(ended(signal));
    anchorLog(reader, calls, anchorEveryMs, signal).catch(ended(signal));
  }

  return {
    name: 'ledger', typeDefs: parse(sdl), resolvers: ledgerResolvers({ ledger, chain, calls, reader }), start,
    proofs: proofsOf(reader),
  };
}

/** A network that began before there was such a court has none. */
async function leafBond(chain: Chain): Promise<bigint | null> {
  return chain.contracts.has('LeafCourt') ? (await chain.view('LeafCourt', 'bond', []))[0] as bigint : null;
}

/** An event that no call can be made of is a bug of who wrote it; it is told, and the calls after it go on. */
function unlessUnencodable(event: RecordedEvent): (reason: unknown) => void {
  return (reason) => {
    if (!(reason instanceof CallNotEncodable)) throw reason;
    process.stderr.write(`ledger: event ${event.id} (${event.type}): ${reason.message}\n`);
  };
}

/** Loops end by the signal. Anything else that ends one is a bug, and an unhandled rejection stops the process. */
function ended(signal: AbortSignal): (reason: unknown) => void {
  return (reason) => {
    if (!signal.aborted) throw reason;
  };
}
