// What an account may build on: what it may read. A run on somebody's dataset hands its examples over, one from somebody's weights hands
// these over, and a deployment hands the file to a device of whoever deploys.
import { mayFetch } from '@oort/projections-contents';
import type { ModelsPorts } from '../ports';
import { refuse, type Refused } from '../refusals';
import type { Actor } from './answer';

type Account = Extract<Actor, { readonly kind: 'account' }>;

export async function mayRead({ store, readModels }: Pick<ModelsPorts, 'store' | 'readModels'>, contentId: string, { accountId }: Account): Promise<boolean> {
  const head = await store.head();
  if (head !== null) await readModels.waitFor('contents', head);
  return mayFetch(readModels, contentId, accountId);
}

export function notOpen(what: string, id: string): Refused {
  return refuse('NOT_OWNER', `${what} is not open: only its owner builds on it or hands it on.`, id);
}
