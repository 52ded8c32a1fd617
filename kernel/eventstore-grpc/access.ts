// Whether who calls may do what it asks. Without users everybody may do everything; with users nobody is let in without a name, as
// in EventStoreDB since 23.10, and `$all` in a list means everybody who has one.
import type { Metadata } from '@grpc/grpc-js';
import type { EventStore } from '@oort/kernel-eventstore';
import { admins, everyone, holdersOf, operators, type Right } from './acl';
import { NotAllowed } from './refusals';
import type { Principal, Users } from './users';

export interface Caller { readonly metadata: Metadata }

export class Access {
  constructor(private readonly store: EventStore, private readonly users: Users | null) {}

  /** False where everybody may do everything. */
  get guarded(): boolean { return this.users !== null; }

  /** What calls is known by. Null when it gave no credentials, or when nobody has a name here. Throws NotAuthenticated, TooManySignIns. */
  async principalOf({ metadata }: Caller): Promise<Principal | null> {
    const [header] = metadata.get('authorization');
    return this.users === null || header === undefined ? null : this.users.signIn(String(header));
  }

  /** A right over `$$stream` is one over the metadata of `stream`. Throws NotAuthenticated, TooManySignIns, NotAllowed. */
  async requireAccess(caller: Caller, stream: string, right: Right): Promise<void> {
    if (this.users === null) return;
    const principal = await this.#required(caller);
    if (!await this.#has(principal, stream, right)) throw new NotAllowed(`${principal.name} may not ${verbs[right]} ${stream}`);
  }

  /** For what runs the node: persistent subscriptions are made and changed by `$ops` and `$admins`. Throws as `requireAccess`. */
  async requireOperator(caller: Caller): Promise<void> {
    if (this.users === null) return;
    const { name, groups } = await this.#required(caller);
    if (!groups.includes(admins) && !groups.includes(operators)) throw new NotAllowed(`${name} is not in ${operators}`);
  }

  /** Anybody who has a name. Throws as `requireAccess`. */
  async requireUser(caller: Caller): Promise<void> {
    if (this.users !== null) await this.#required(caller);
  }

  /** For what links lead to: whoever may write a link must not read by it what he may not read without. */
  async mayRead(caller: Caller, stream: string): Promise<boolean> {
    if (this.users === null) return true;
    return this.#has(await this.#required(caller), stream, 'read');
  }

  async #required(caller: Caller): Promise<Principal> {
    const principal = await this.principalOf(caller);
    if (principal === null) throw new NotAllowed('nobody is let in without credentials');
    return principal;
  }

  async #has(principal: Principal, stream: string, right: Right): Promise<boolean> {
    const metadata = stream.startsWith('$$');
    const asked = metadata ? ofMetadata[right] : right;
    if (asked === null) return false;
    if (principal.groups.includes(admins)) return true;
    const holders = await holdersOf(this.store, metadata ? stream.slice('$$'.length) : stream, asked);
    return holders.some((one) => one === everyone || one === principal.name || principal.groups.includes(one));
  }
}

const ofMetadata: Readonly<Record<Right, Right | null>> = {
  read: 'metadataRead', write: 'metadataWrite', metadataRead: 'metadataRead', metadataWrite: 'metadataWrite',
  // Metadata goes with its stream.
  delete: null,
};

const verbs: Readonly<Record<Right, string>> = {
  read: 'read', write: 'write to', delete: 'delete', metadataRead: 'read the metadata of', metadataWrite: 'write the metadata of',
};
