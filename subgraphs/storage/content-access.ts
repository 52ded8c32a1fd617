// Who handed bytes in is written down, because it is the one right that no other event tells of; all others follow from what
// is in the log already (projections/contents).
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { newUlid, uuidV5 } from '@oort/kernel-wire';
import { mayFetch } from '@oort/projections-contents';

export interface ContentAccess {
  /** `by` is the account or node that sent the bytes. Resolves when it is durable. */
  handedIn(contentId: string, by: string): Promise<void>;
  mayFetch(contentId: string, reader: string): Promise<boolean>;
}

export interface ContentAccessPorts {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  now(): Date;
}

export function createContentAccess({ store, readModels, now }: ContentAccessPorts): ContentAccess {
  return {
    async handedIn(contentId, by) {
      if (await mayFetch(readModels, contentId, by)) return;
      const id = newUlid(now());
      await store.append(`content-${contentId}`, 'any', [{
        id: uuidV5(`content/${contentId}/${by}`), type: 'ContentHandedIn', data: { contentId, by },
        metadata: { actor: by, correlationId: id, causationId: id, occurredAt: now().toISOString(), schemaVersion: 1 },
      }]);
    },
    async mayFetch(contentId, reader) {
      if (await mayFetch(readModels, contentId, reader)) return true;
      // A lease may be younger than what the read model has seen.
      const head = await store.head();
      if (head === null) return false;
      await readModels.waitFor('contents', head);
      return mayFetch(readModels, contentId, reader);
    },
  };
}
