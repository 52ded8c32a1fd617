// One phantom of a drawn officer, from its hand-in to its opening. What it is bound to stands on the chain since before it was handed in.
import { phantomLeaf, phantomNode } from '@oort/algorithms-honesty';
import type { Command, Decider, Decision, RefusalOf } from '@oort/kernel-decider';
import { verifyInclusion } from '@oort/kernel-merkle';
import { canonicalJson, sha256Hex } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import { jobSpecId } from '@oort/schema/job-spec';

export type PhantomEvent = Extract<AuditEvent, { readonly type: 'PhantomHandedIn' | 'PhantomOpened' }>;
export type HandedIn = Extract<AuditEvent, { readonly type: 'PhantomHandedIn' }>['data'];

/** What the officer put on the chain, and where in it the leaf stands. Hex with 0x. */
export interface Place { readonly root: string; readonly count: number; readonly index: number; readonly path: readonly string[] }
export interface Shown { readonly expected: readonly number[]; readonly salt: string }

export type PhantomCommand =
  | Command<'HandInPhantom', HandedIn & { readonly place: Place }>
  | Command<'OpenPhantom', Shown & { readonly leaf: string; readonly taskId: string; readonly nodeId: string; readonly holds: boolean }>;

export type PhantomRefusal =
  | RefusalOf<'PHANTOM_NOT_COMMITTED', { readonly leaf: string }>
  | RefusalOf<'PHANTOM_HANDED_IN_ALREADY', { readonly leaf: string }>
  | RefusalOf<'PHANTOM_UNKNOWN', { readonly leaf: string }>
  | RefusalOf<'PHANTOM_OPENED_ALREADY', { readonly leaf: string }>
  | RefusalOf<'WRONG_OPENING', { readonly leaf: string }>;

export type PhantomState =
  | { readonly status: 'none' }
  | { readonly status: 'handed-in' | 'opened'; readonly handed: HandedIn };

export const phantomDecider: Decider<PhantomCommand, PhantomState, PhantomEvent, PhantomRefusal> = {
  category: 'audit_phantom', initial: { status: 'none' }, decide: decidePhantom, evolve: evolvePhantom,
};

/** Whether this is what the officer had committed to, for this very spec. */
export function opens({ leaf, officer, period, chainId, court, spec }: HandedIn, { expected, salt }: Shown): boolean {
  const seat = { chainId: BigInt(chainId), court, period: BigInt(period), officer };
  return leaf === phantomLeaf(seat, { task: `0x${jobSpecId(spec)}`, expected: `0x${expectedHashOf(expected)}`, salt });
}

/** Whether the leaf is among those that the officer put on the chain. */
export function isCommitted(leaf: string, { root, count, index, path }: Place): boolean {
  return verifyInclusion({ leaf: phantomNode(leaf), index, size: count, proof: path.map(bytesOf), root: bytesOf(root) });
}

export function expectedHashOf(expected: readonly number[]): string {
  return sha256Hex(canonicalJson(expected));
}

function decidePhantom(asked: PhantomCommand, state: PhantomState): Decision<PhantomEvent, PhantomRefusal> {
  const { leaf } = asked.data;
  switch (asked.type) {
    case 'HandInPhantom': {
      const { place: { root, count, index, path }, ...handed } = asked.data;
      if (state.status !== 'none') return refuse('PHANTOM_HANDED_IN_ALREADY', 'The phantom was handed in before.', leaf);
      if (!isCommitted(leaf, { root, count, index, path })) return refuse('PHANTOM_NOT_COMMITTED', 'The officer did not commit to this phantom on the chain.', leaf);
      return { events: [{ type: 'PhantomHandedIn', data: handed }] };
    }
    case 'OpenPhantom': {
      const { taskId, nodeId, expected, salt, holds } = asked.data;
      if (state.status === 'none') return refuse('PHANTOM_UNKNOWN', 'There is no such phantom.', leaf);
      if (state.status === 'opened') return refuse('PHANTOM_OPENED_ALREADY', 'The phantom is open already.', leaf);
      if (!opens(state.handed, { expected, salt })) return refuse('WRONG_OPENING', 'This is not what the officer committed to.', leaf);
      const { officer, period, spec } = state.handed;
      return { events: [{ type: 'PhantomOpened', data: { leaf, officer, period, taskId, nodeId, task: jobSpecId(spec), expectedHash: expectedHashOf(expected), salt, holds } }] };
    }
  }
}

function evolvePhantom(state: PhantomState, event: PhantomEvent): PhantomState {
  switch (event.type) {
    case 'PhantomHandedIn': return { status: 'handed-in', handed: event.data };
    case 'PhantomOpened': return state.status === 'none' ? state : { ...state, status: 'opened' };
  }
}

function refuse<Code extends PhantomRefusal['code']>(code: Code, message: string, leaf: string): { readonly refused: { readonly code: Code; readonly message: string; readonly payload: { readonly leaf: string } } } {
  return { refused: { code, message, payload: { leaf } } };
}

function bytesOf(hex: string): Buffer { return Buffer.from(hex.slice(2), 'hex'); }
