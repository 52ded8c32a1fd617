// Storage for a process that is not the storage domain's: the nodes' wires, the content store, and what reads report. Orders are
// accounted by whoever gives them; what is bad or lost is a command to the object's own stream, so no call to the domain is needed.
import type { ContentStore } from '@oort/kernel-content';
import type { EventStore, KeyStore } from '@oort/kernel-eventstore';
import type { DeviceKey } from '@oort/kernel-identity';
import type { ReadModels } from '@oort/kernel-projection';
import { Fault } from '@oort/kernel-wire';
import { liveNodes } from '@oort/projections-nodes';
import { BandwidthBook } from './bandwidth';
import { createContentStore } from './content-store';
import { DataPath } from './data-path/data-path';
import type { EdgeOptions } from './edge/edge-caches';
import { recordRefutations } from './edge/refutations';
import { ObjectStore, type ObjectStoreOptions } from './object-store';
import { RepairLoop } from './repair';

export interface StorageAccessOptions {
  readonly store: EventStore;
  /** With the projections `nodes` and `objects`. */
  readonly readModels: ReadModels;
  readonly keys: KeyStore;
  /** Signs orders to nodes. */
  readonly orderKey: DeviceKey;
  readonly lifecycle?: ObjectStoreOptions['lifecycle'];
  readonly accountQuotas?: ObjectStoreOptions['accountQuotas'];
  readonly archive?: ObjectStoreOptions['archive'];
  readonly edge?: EdgeOptions;
  now(): Date;
}

export interface StorageAccess {
  readonly dataPath: DataPath;
  readonly content: ContentStore;
  readonly objects: ObjectStore;
}

export class NoContentHere extends Fault {
  constructor() { super('NO_CONTENT_HERE', 'this process was given no content store'); }
}

/** The data path that the domain itself stands on too. */
export function openDataPath({ readModels, orderKey, now, edge }: Omit<StorageAccessOptions, 'store' | 'keys'>): DataPath {
  const nodes = () => liveNodes(readModels, { online: 'either', statuses: ['active', 'suspended', 'draining'] });
  return new DataPath({ nodes, platformKey: orderKey, now, ...(edge === undefined ? {} : { edge }) });
}

/** Bandwidth is settled until the signal aborts. */
export function openStorageAccess(options: StorageAccessOptions, signal: AbortSignal): StorageAccess {
  const { store, readModels, keys, now, lifecycle, accountQuotas, archive } = options;
  const dataPath = openDataPath(options);
  recordRefutations(store, dataPath, () => now());
  const objects = new ObjectStore({ store, readModels, dataPath, keys, now, ...(lifecycle === undefined ? {} : { lifecycle }), ...(accountQuotas === undefined ? {} : { accountQuotas }), ...(archive === undefined ? {} : { archive }) });
  // Not run: it only records what reads here find bad, and the domain's own loop repairs it.
  new RepairLoop({ store, readModels, dataPath, handleObject: objects.handleObject, writer: objects.writer, now });
  const bandwidth = new BandwidthBook(store, now, dataPath);
  dataPath.onMoved = (moved) => { bandwidth.note(moved); };
  void bandwidth.run(signal);
  return { dataPath, objects, content: createContentStore({ store, dataPath, keys, now }) };
}

/** For a domain without bytes of its own. Throws NoContentHere. */
export const noContent: ContentStore = {
  put: () => Promise.reject(new NoContentHere()),
  get: () => Promise.reject(new NoContentHere()),
  has: () => Promise.reject(new NoContentHere()),
};
