import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { createHandler, runReaction } from '@oort/kernel-decider';
import type { DeviceKey } from '@oort/kernel-identity';
import { priceBook2026, type PriceBook } from '@oort/projections-billing';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { Challenges } from './challenges';
import { ForgottenAccounts } from './forgotten';
import { accountDecider } from './decide';
import { testCard, type PaymentProvider } from './payment-provider';
import { react, reactsTo } from './react';
import { accountsResolvers } from './resolvers';
import type { AccountsRoom } from './room';
import { S3KeyIndex, type S3Keys } from './s3-keys';

export interface AccountsPorts extends SubgraphPorts {
  /** Signs session tokens; every door that reads them knows its public half. */
  readonly sessionKey: DeviceKey;
  /** What wallets show as the site that asks; default 127.0.0.1:4000. */
  readonly domain?: string;
  /** Destroys every key that opens what this account told or stored; at once, and doing it again is harmless. */
  readonly forgetKeys: (accountId: string) => Promise<void>;
  readonly priceBook?: PriceBook;
  /** Default: the test card of the local network. */
  readonly paymentProviders?: readonly PaymentProvider[];
}

export interface AccountsSubgraph extends Subgraph {
  readonly s3Keys: S3Keys;
  /** For the doors: a session of a person who was forgotten is none. */
  readonly forgotten: Pick<ForgottenAccounts, 'has'>;
}

export async function createAccountsSubgraph(ports: AccountsPorts): Promise<AccountsSubgraph> {
  const { store, readModels, sessionKey } = ports;
  const s3Keys = new S3KeyIndex(store);
  await s3Keys.catchUp();
  const forgotten = new ForgottenAccounts(store);
  await forgotten.catchUp();
  const domain = ports.domain ?? '127.0.0.1:4000';
  const room: AccountsRoom = {
    ports,
    sessionKey,
    forgetKeys: (accountId) => ports.forgetKeys(accountId),
    forgotten,
    s3Keys,
    challenges: new Challenges(),
    handle: createHandler({ store, decider: accountDecider, now: () => ports.now() }),
    site: {
      domain,
      uri: `http://${domain}/`,
      chainId: Number(await ports.ledger.request('eth_chainId')),
    },
    providers: ports.paymentProviders ?? [testCard],
    priceBook: ports.priceBook ?? priceBook2026,
  };
  const sdl = readFileSync(
    join(__dirname, '..', '..', 'schema', 'sdl', 'accounts.graphql'),
    'utf8',
  );
  return {
    name: 'accounts',
    typeDefs: parse(sdl),
    resolvers: accountsResolvers(room),
    s3Keys,
    forgotten,
    start: async (signal) => {
      void s3Keys.follow(signal);
      void forgotten.follow(signal);
      await runReaction({
        name: 'accounts',
        store,
        database: readModels.database,
        subscribes: reactsTo,
        react: (event) => react(event, room),
        signal,
      });
    },
  };
}
