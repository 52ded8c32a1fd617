// The door for drawn officers: they hand phantoms in, ask what became of them, and open them. Nobody else is told that there are any.
import type { Actor, RequestContext } from '@oort/schema';
import type { Json } from '@oort/kernel-wire';
import type { Officer } from './officer';
import type { SeatOf } from './seats';

interface Input<T> { readonly input: T }
interface HandIn { readonly officer: string; readonly phantoms: readonly { readonly leaf: string; readonly index: number; readonly path: readonly string[]; readonly spec: Json }[] }
interface Open { readonly officer: string; readonly phantoms: readonly { readonly leaf: string; readonly salt: string; readonly expected: readonly number[] }[] }

export interface OfficerDoorPorts {
  readonly seatOf: SeatOf;
  /** Null until the officer's desk is open. */
  desk(): Pick<Officer, 'guests'> | null;
}

const address = /^0x[0-9a-fA-F]{40}$/;
const hash = /^0x[0-9a-f]{64}$/;
const mostAtOnce = 128;
const mostPath = 8;
const mostNumbers = 1_000_000;

interface Refused { readonly __typename: 'Refusal'; readonly code: string; readonly message: string; readonly detail: Json }

export function officerDoor({ seatOf, desk }: OfficerDoorPorts): { readonly Query: object; readonly Mutation: object } {
  return {
    Query: {
      officerPhantoms: async (_: unknown, { officer, period }: { readonly officer: string; readonly period: string }, { actor }: RequestContext) => {
        const found = await spokenFor(seatOf, officer, actor);
        return found === null ? [] : desk()?.guests.of(officer.toLowerCase(), period) ?? [];
      },
    },
    Mutation: {
      handInPhantoms: async (_: unknown, { input: { officer, phantoms } }: Input<HandIn>, { actor }: RequestContext) => {
        const seat = await spokenFor(seatOf, officer, actor);
        const guests = desk()?.guests ?? null;
        const answers: object[] = [];
        for (const { leaf, index, path, spec } of phantoms.slice(0, mostAtOnce)) {
          if (seat === null || guests === null || !seat.committed) {
            answers.push(refused('NO_SEAT', 'Only an officer that was drawn for this period and has committed to its phantoms hands some in.', leaf));
            continue;
          }
          if (!hash.test(leaf) || path.length > mostPath || !path.every((each) => hash.test(each))) {
            answers.push(refused('INVALID_INPUT', 'A leaf and its path are 32 bytes in hex with 0x, each.', leaf));
            continue;
          }
          const { period, chainId, court, root, count, endsAt } = seat;
          const found = await guests.handIn({ leaf, officer: officer.toLowerCase(), period, chainId, court, spec, until: endsAt.toISOString() }, { root, count, index, path });
          answers.push(found === null ? { __typename: 'OfficerPhantom', leaf, state: 'waiting' } : refused(found.code, found.message, leaf));
        }
        return answers;
      },
      openPhantoms: async (_: unknown, { input: { officer, phantoms } }: Input<Open>, { actor }: RequestContext) => {
        const seat = await spokenFor(seatOf, officer, actor);
        const guests = desk()?.guests ?? null;
        const answers: object[] = [];
        for (const { leaf, salt, expected } of phantoms.slice(0, mostAtOnce)) {
          if (seat === null || guests === null) {
            answers.push(refused('NO_SEAT', 'Only the officer opens its phantoms, in its period.', leaf));
            continue;
          }
          if (!hash.test(salt) || expected.length > mostNumbers) {
            answers.push(refused('INVALID_INPUT', 'A salt is 32 bytes in hex with 0x.', leaf));
            continue;
          }
          const found = await guests.open(leaf, officer.toLowerCase(), { salt, expected });
          answers.push(found === null ? { __typename: 'OfficerPhantom', leaf, state: 'opened' } : refused(found.code, found.message, leaf));
        }
        return answers;
      },
    },
  };
}

/** The seat, where it is the officer or its key that asks. */
async function spokenFor(seatOf: SeatOf, officer: string, actor: Actor): Promise<Awaited<ReturnType<SeatOf>>> {
  if (actor.kind !== 'account' || !address.test(officer)) return null;
  const seat = await seatOf(officer);
  return seat !== null && [officer.toLowerCase(), seat.speaker].includes(actor.address.toLowerCase()) ? seat : null;
}

function refused(code: string, message: string, leaf: string): Refused {
  return { __typename: 'Refusal', code, message, detail: { leaf } };
}
