// What each service is and what it is told: the one list that the supervisor starts, and that docker/compose.yaml is compared with.
import { resolve } from 'node:path';
import { doorEngineOptions } from '@oort/gateway-s3/engine-options';
import { nodeEngineOptions } from '@oort/ledger-node/engine-options';
import type { KeyFiles } from '../platform-keys';

export interface Places {
  readonly keys: KeyFiles;
  readonly directory: string;
  readonly eventStoreUrl: string;
  readonly postgresUrl: string;
  readonly chainUrl: string;
  readonly site: string;
  readonly runtimeClass: string;
  /** Of Kafka, or of the embedded bus; none for a service that uses none. */
  readonly telemetry: Readonly<Record<string, string>>;
}

export type Environment = Readonly<Record<string, string>>;
export interface ServiceKind { readonly entry: string; environment(places: Places): Environment }

const below = ({ eventStoreUrl, postgresUrl, chainUrl, keys }: Places): Environment => ({
  OORT_EVENTSTORE_URL: eventStoreUrl, OORT_POSTGRES_URL: postgresUrl, OORT_CHAIN_URL: chainUrl, OORT_EVENT_KEYS: keys.events,
});
const subgraph = (name: string, more: (places: Places) => Environment = () => ({})): ServiceKind => ({
  entry: `subgraphs/${name}/main.ts`,
  environment: (places) => ({ ...below(places), OORT_GATEWAY_PUBLIC_KEY_FILE: places.keys.gatewayPublic, ...more(places) }),
});
const orderKey = ({ keys }: Places): Environment => ({ OORT_ORDER_KEY_FILE: keys.order });

export const projections: ServiceKind = {
  entry: 'cli/services/projections.ts', environment: (places) => ({ ...below(places), OORT_REVEALED_KEYS: places.keys.revealed }),
};

export const chain: ServiceKind = {
  entry: 'cli/services/chain.ts',
  environment: ({ keys, directory }) => ({ OORT_CHAIN_ADDRESS_FILE: keys.chainAddress, OORT_DATA: directory, NODE_OPTIONS: nodeEngineOptions }),
};

export const ingest: ServiceKind = {
  entry: 'cli/services/ingest.ts',
  environment: (places) => ({ ...below(places), ...orderKey(places), ...places.telemetry, OORT_SESSION_PUBLIC_KEY_FILE: places.keys.sessionPublic, OORT_DATA: places.directory }),
};

export const subgraphs: Readonly<Record<string, ServiceKind>> = {
  accounts: subgraph('accounts', ({ keys, site }) => ({ OORT_SESSION_KEY_FILE: keys.session, OORT_SITE: site })),
  audit: subgraph('audit', (places) => ({ ...orderKey(places), OORT_RUNTIME_CLASS: places.runtimeClass })),
  compute: subgraph('compute', (places) => ({ ...orderKey(places), OORT_LEASE_SECONDS: '5' })),
  datahub: subgraph('datahub', orderKey),
  // What is nobody's secret any more, and no other key.
  events: { ...subgraph('events', ({ keys }) => ({ OORT_EVENT_KEYS: keys.revealed })), entry: 'cli/services/events.ts' },
  ledger: subgraph('ledger', ({ keys }) => ({ OORT_CHAIN_KEY_FILE: keys.chain })),
  models: subgraph('models', orderKey),
  nodes: subgraph('nodes', ({ keys, telemetry }) => ({ OORT_ORDER_PUBLIC_KEY_FILE: keys.orderPublic, ...telemetry })),
  provenance: { ...subgraph('provenance'), entry: 'cli/services/provenance.ts' },
  staking: subgraph('staking'),
  storage: subgraph('storage', (places) => ({ ...orderKey(places), ...filesOf('OORT_ACCOUNT_QUOTAS') })),
};

export const s3: ServiceKind = {
  entry: 'cli/services/s3.ts',
  environment: (places) => ({ ...below(places), ...orderKey(places), ...filesOf('OORT_S3_ACCOUNTS', 'OORT_ACCOUNT_QUOTAS'), NODE_OPTIONS: doorEngineOptions }),
};

/** Services work in another directory. */
function filesOf(...names: readonly string[]): Environment {
  return Object.fromEntries(names.flatMap((name) => {
    const path = process.env[name] ?? '';
    return path === '' ? [] : [[name, resolve(path)]];
  }));
}

/** `urls`: where each subgraph answers. */
export function graphql(urls: Readonly<Record<string, string>>): ServiceKind {
  return {
    entry: 'cli/services/graphql.ts',
    environment: (places) => ({
      ...below(places), OORT_GATEWAY_KEY_FILE: places.keys.gateway, OORT_SESSION_PUBLIC_KEY_FILE: places.keys.sessionPublic, OORT_DATA: places.directory,
      OORT_SUBGRAPHS: Object.entries(urls).map(([name, url]) => `${name}=${url}`).join(','),
    }),
  };
}
