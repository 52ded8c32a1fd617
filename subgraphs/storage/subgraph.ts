import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { runReaction } from '@oort/kernel-decider';
import type { KeyStore } from '@oort/kernel-eventstore';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import type { ArchiveSettings } from './archive/settings';
import { BandwidthBook } from './bandwidth';
import { certificateOf } from './certificate';
import type { DataPath } from './data-path/data-path';
import type { EdgeCaches } from './edge/edge-caches';
import { recordRefutations } from './edge/refutations';
import { LifecycleSweep, type LifecycleOptions } from './lifecycle/sweep';
import { ObjectStore, type ObjectStoreOptions } from './object-store';
import { PossessionAudit, type PossessionAuditOptions } from './possession-audit';
import { Packer } from './packing/packer';
import { usualRule } from './packing/rule';
import type { PackingSettings } from './packing/settings';
import { react, reactsTo } from './react';
import { RepairLoop, type RepairOptions } from './repair';
import { storageResolvers } from './resolvers';

export interface StoragePorts extends Omit<SubgraphPorts, 'content' | 'telemetry' | 'timers' | 'ledger'> {
  /** The same that the content store stands on: one set of connections, one view of the nodes. */
  readonly dataPath: DataPath;
  /** Holds a key for each account, which wraps the keys of its objects. */
  readonly keys: KeyStore;
  readonly archive?: ArchiveSettings;
  readonly possession?: Pick<PossessionAuditOptions, 'everyMs'>;
  readonly accountQuotas?: NonNullable<ObjectStoreOptions['accountQuotas']>;
  /** Default: a day of 24 hours. */
  readonly lifecycle?: Pick<LifecycleOptions, 'everyMs'> & NonNullable<ObjectStoreOptions['lifecycle']>;
  /** Of small objects, into coded packs. Null: they stay replicas. */
  readonly packing?: PackingSettings | null;
  readonly repair?: Pick<RepairOptions, 'intervalMs' | 'awayMs' | 'orphanMs' | 'sweepMs'>;
}

export interface StorageSubgraph extends Subgraph {
  /** What the S3 door opens. */
  readonly objects: ObjectStore;
  readonly repair: RepairLoop;
  readonly possession: PossessionAudit;
  readonly bandwidth: BandwidthBook;
  readonly lifecycle: LifecycleSweep;
  /** Null where reads go through none. */
  readonly edge: EdgeCaches | null;
  readonly packer: Packer;
}

export async function createStorageSubgraph(ports: StoragePorts): Promise<StorageSubgraph> {
  const { store, readModels, dataPath } = ports;
  const objects = new ObjectStore(ports);
  const repair = new RepairLoop({
    store, readModels, dataPath, handleObject: objects.handleObject, writer: objects.writer, now: () => ports.now(), ...ports.repair,
  });
  const possession = new PossessionAudit({ store, readModels, dataPath, onFailed: (piece, reason) => repair.failed(piece, reason), now: () => ports.now(), ...ports.possession });
  const lifecycle = new LifecycleSweep({ objects, readModels, now: () => ports.now(), ...ports.lifecycle });
  const packing = ports.packing === undefined ? { rule: usualRule } : ports.packing;
  const packer = new Packer({ store, readModels, dataPath, handleObject: objects.handleObject, now: () => ports.now(), rule: usualRule, ...packing });
  const bandwidth = new BandwidthBook(store, () => ports.now(), dataPath);
  dataPath.onMoved = (moved) => bandwidth.note(moved);
  recordRefutations(store, dataPath, () => ports.now());
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'storage.graphql'), 'utf8');
  return Promise.resolve({
    name: 'storage', typeDefs: parse(sdl), resolvers: storageResolvers({ store, readModels, objects, dataPath, now: () => ports.now(), certificate: (bucket, key, versionId) => certificateOf({ store, dataPath, now: () => ports.now() }, bucket, key, versionId) }), objects, repair, possession, bandwidth, lifecycle, packer, edge: dataPath.edge,
    start: (signal: AbortSignal) => {
      void repair.run(signal);
      void bandwidth.run(signal);
      void lifecycle.run(signal);
      void objects.encryptionKeys.run(signal);
      if (packing !== null) void packer.run(signal);
      void runReaction({ name: 'storage', store, database: readModels.database, subscribes: reactsTo, react: (event) => react(event, repair, possession), signal });
      return Promise.resolve();
    },
  });
}
