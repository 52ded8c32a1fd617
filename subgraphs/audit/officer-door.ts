// The door for drawn officers: they hand phantoms in, ask what became of them, and open them. Nobody else is told that there are any.
import type { Actor, RequestContext } from '@oort/schema';
import type { Json } from '@oort/kernel-wire';
import type { GuestPhantoms } from './guest-phantoms';
import type { Seats } from './seats';

interface Input<T> { readonly input: T }
interface HandedIn { readonly leaf: string; readonly index: number; readonly path: readonly string[]; readonly spec: Json }
interface Opening { readonly leaf: string; readonly salt: string; readonly expected: readonly number[] }
interface Of<Phantom> { readonly officer: string; readonly phantoms: readonly Phantom[] }
interface Refused { readonly __typename: 'Refusal'; readonly code: string; readonly message: string; readonly detail: Json }
interface Taken { readonly __typename: 'OfficerPhantom'; readonly leaf: string; readonly state: 'waiting' | 'opened' }

export interface OfficerDoorPorts {
  readonly seats: Seats;
  /** Null until the officer's desk is open. */
  desk(): { readonly guests: GuestPhantoms } | null;
}

const address = /^0x[0-9a-fA-F]{40}$/;
const hash = /^0x[0-9a-f]{64}$/;
const mostAtOnce = 128;
const mostPath = 8;
const mostNumbers = 1_000_000;

export function officerDoor({ seats, desk }: OfficerDoorPorts): { readonly Query: object; readonly Mutation: object } {
  /** The desk, where it is the officer or its key that asks. */
  async function deskFor(officer: string, actor: Actor): Promise<GuestPhantoms | null> {
    if (actor.kind !== 'account' || !address.test(officer)) return null;
    const speaker = await seats.speakerOf(officer);
    return speaker !== null && [officer.toLowerCase(), speaker].includes(actor.address.toLowerCase()) ? desk()?.guests ?? null : null;
  }

  async function handIn({ officer, phantoms }: Of<HandedIn>, actor: Actor): Promise<readonly (Taken | Refused)[]> {
    const guests = await deskFor(officer, actor);
    const seat = guests === null ? null : await seats.seatOf(officer);
    return each(phantoms, async ({ leaf, index, path, spec }) => {
      if (guests === null || seat === null || !seat.committed) return refused('NO_SEAT', 'Only an officer that was drawn for this period and has committed to its phantoms hands some in.', leaf);
      if (!hash.test(leaf) || path.length > mostPath || !path.every((one) => hash.test(one))) return refused('INVALID_INPUT', 'A leaf and its path are 32 bytes in hex with 0x, each.', leaf);
      const { period, chainId, court, root, count, endsAt } = seat;
      const found = await guests.handIn({ leaf, officer: officer.toLowerCase(), period, chainId, court, spec, until: endsAt.toISOString() }, { root, count, index, path });
      return found === null ? { __typename: 'OfficerPhantom', leaf, state: 'waiting' } : refused(found.code, found.message, leaf);
    });
  }

  async function open({ officer, phantoms }: Of<Opening>, actor: Actor): Promise<readonly (Taken | Refused)[]> {
    const guests = await deskFor(officer, actor);
    return each(phantoms, async ({ leaf, salt, expected }) => {
      if (guests === null) return refused('NO_SEAT', 'Only the officer opens its phantoms.', leaf);
      if (!hash.test(salt) || expected.length > mostNumbers) return refused('INVALID_INPUT', 'A salt is 32 bytes in hex with 0x.', leaf);
      const found = await guests.open(leaf, officer.toLowerCase(), { salt, expected });
      return found === null ? { __typename: 'OfficerPhantom', leaf, state: 'opened' } : refused(found.code, found.message, leaf);
    });
  }

  return {
    Query: {
      officerPhantoms: async (_: unknown, { officer, period }: { readonly officer: string; readonly period: string }, { actor }: RequestContext) =>
        (await (await deskFor(officer, actor))?.of(officer.toLowerCase(), period)) ?? [],
    },
    Mutation: {
      handInPhantoms: (_: unknown, { input }: Input<Of<HandedIn>>, { actor }: RequestContext) => handIn(input, actor),
      openPhantoms: (_: unknown, { input }: Input<Of<Opening>>, { actor }: RequestContext) => open(input, actor),
    },
  };
}

/** One after the other, in their order. */
async function each<Asked, Answer>(asked: readonly Asked[], take: (one: Asked) => Promise<Answer>): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const one of asked.slice(0, mostAtOnce)) answers.push(await take(one));
  return answers;
}

function refused(code: string, message: string, leaf: string): Refused {
  return { __typename: 'Refusal', code, message, detail: { leaf } };
}
