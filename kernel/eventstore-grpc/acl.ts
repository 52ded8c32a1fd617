// Who may do what with a stream: `$acl` of its metadata, else `$userStreamAcl` or `$systemStreamAcl` of the stream `$settings`, else
// the defaults, right by right. https://developers.eventstore.com/server/v21.6/security/acl.html
import type { EventStore } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import { jsonOf, metadataOf, newest } from './stream-metadata';

export type Right = 'read' | 'write' | 'delete' | 'metadataRead' | 'metadataWrite';

export const everyone = '$all';
export const admins = '$admins';
export const operators = '$ops';

const names: Readonly<Record<Right, string>> = { read: '$r', write: '$w', delete: '$d', metadataRead: '$mr', metadataWrite: '$mw' };
const settingsStream = '$settings';

/** The users and groups that have the right. */
export async function holdersOf(store: EventStore, stream: string, right: Right): Promise<readonly string[]> {
  const system = stream.startsWith('$');
  const own = holdersIn((await metadataOf(store, stream))['$acl'], right);
  if (own !== null) return own;
  const event = await newest(store, settingsStream);
  const settings = event === null ? {} : jsonOf(event);
  const byDefault = isObject(settings) ? holdersIn(settings[system ? '$systemStreamAcl' : '$userStreamAcl'], right) : [];
  return byDefault ?? [system ? admins : everyone];
}

/** Null where nothing is said; nobody (but admins, who need no right) where what is said cannot be understood. */
function holdersIn(acl: Json | undefined, right: Right): readonly string[] | null {
  if (acl === undefined || acl === null) return null;
  if (!isObject(acl)) return [];
  const said = acl[names[right]];
  if (said === undefined || said === null) return null;
  if (typeof said === 'string') return [said];
  return Array.isArray(said) ? said.filter((one): one is string => typeof one === 'string') : [];
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
