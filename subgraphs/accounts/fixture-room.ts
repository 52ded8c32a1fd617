// The room as a whole, for its tests: wallet, read models in real PostgreSQL, reactions.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { Wallet, type HDNodeWallet } from 'ethers';
import { graphql } from 'graphql';
import { memoryStore } from '@oort/kernel-eventstore';
import { newDeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres, type OpenReadModels } from '@oort/kernel-projection';
import { Fault, uuidV5, type Json } from '@oort/kernel-wire';
import { accountsProjection } from '@oort/projections-accounts';
import { billingProjection } from '@oort/projections-billing';
import type { Actor, PlatformEvent } from '@oort/schema';
import {
  createAccountsSubgraph,
  verifySession,
  type AccountsPorts,
  type AccountsSubgraph,
} from './index';

export type Account = Extract<Actor, { readonly kind: 'account' }>;

export interface OpenRoom {
  readonly subgraph: AccountsSubgraph;
  readonly readModels: OpenReadModels;
  readonly keysForgotten: readonly string[];
  /** Throws what the graph answers as errors. */
  ask<T>(source: string, variables?: Readonly<Record<string, unknown>>, actor?: Actor): Promise<T>;
  happened(event: PlatformEvent): Promise<bigint>;
  /** Signed in. */
  person(wallet?: Wallet | HDNodeWallet): Promise<Account>;
  close(): Promise<void>;
}

export const challenge =
  'mutation($a: String!) { signInChallenge(input: {address: $a}) { ... on SignInChallenge { message } ... on Refusal { code } } }';
export const signIn =
  'mutation($m: String!, $s: String!) { signIn(input: {message: $m, signature: $s}) { ... on AccountSession { token account { id address } } ... on Refusal { code } } }';

const now = (): Date => new Date();

export async function openRoom(): Promise<OpenRoom> {
  const sessionKey = newDeviceKey();
  const keysForgotten: string[] = [];
  const stop = new AbortController();
  const postgres = await testPostgres();
  const store = memoryStore();
  const readModels = await openReadModels({
    url: postgres.url,
    projections: [accountsProjection, billingProjection],
    store,
  });
  await readModels.start(stop.signal);
  const answers: Readonly<Record<string, Json>> = {
    eth_chainId: '0x7a69',
    olympus_contracts: { Payments: '0x0000000000000000000000000000000000000007' },
  };
  const subgraph = await createAccountsSubgraph({
    store,
    readModels,
    ledger: { request: (method: string) => Promise.resolve(answers[method] ?? null) },
    now,
    sessionKey,
    forgetKeys: (id: string) => {
      keysForgotten.push(id);
      return Promise.resolve();
    },
  } as unknown as AccountsPorts);
  await subgraph.start?.(stop.signal);
  const schema = buildSubgraphSchema({
    typeDefs: subgraph.typeDefs,
    resolvers: subgraph.resolvers as never,
  });

  async function ask<T>(
    source: string,
    variableValues: Readonly<Record<string, unknown>> = {},
    actor: Actor = { kind: 'anonymous' },
  ): Promise<T> {
    const contextValue = { actor, requestId: 'r' };
    const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
    const [error] = errors ?? [];
    if (error !== undefined) throw error;
    return data as T;
  }

  let events = 0;
  async function happened(event: PlatformEvent): Promise<bigint> {
    events += 1;
    const metadata = {
      actor: 'platform',
      correlationId: 'c',
      causationId: 'c',
      occurredAt: now().toISOString(),
      schemaVersion: 1,
    };
    return (
      await store.append(`elsewhere-${events}`, 'no-stream', [
        { id: uuidV5(String(events)), type: event.type, data: event.data, metadata },
      ])
    ).position;
  }

  async function person(wallet: Wallet | HDNodeWallet = Wallet.createRandom()): Promise<Account> {
    const { signInChallenge } = await ask<{ signInChallenge: { message: string } }>(challenge, {
      a: wallet.address,
    });
    const answer = await ask<{ signIn: { token: string } }>(signIn, {
      m: signInChallenge.message,
      s: await wallet.signMessage(signInChallenge.message),
    });
    const actor = verifySession(answer.signIn.token, sessionKey.publicKey, now());
    if (actor === null) throw new Fault('NO_SESSION', 'the sign-in gave no session');
    return actor;
  }

  return {
    subgraph,
    readModels,
    keysForgotten,
    ask,
    happened,
    person,
    async close() {
      stop.abort();
      await readModels.close();
      await postgres.stop();
    },
  };
}
