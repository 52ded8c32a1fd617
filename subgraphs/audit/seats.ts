// What the chain says of an officer's seat in the current period.
import { Interface, type Result } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { contractAbis, type Ledger } from '@oort/schema';

export interface OfficerSeat {
  readonly period: string;
  readonly committed: boolean;
  /** Of its phantoms' leaves: hex with 0x. */
  readonly root: string;
  readonly count: number;
  readonly endsAt: Date;
  readonly chainId: string;
  readonly court: string;
}

const abi = new Interface(contractAbis.OfficerCourt);
/** OfficerCourt.Stage */
const [none, committed] = [0n, 2n];

export interface Seats {
  /** Null for who has no seat, and on a network that began before there were officers. */
  seatOf(officer: string): Promise<OfficerSeat | null>;
  /** The address of the officer's key, lower case; null where nobody enrolled so. */
  speakerOf(officer: string): Promise<string | null>;
}

export function seatsOn(ledger: Ledger): Seats {
  const courtAt = async (): Promise<string | null> => (await ledger.request('olympus_contracts') as { readonly [name: string]: string | undefined })['OfficerCourt'] ?? null;
  const ask = async (court: string, view: string, args: readonly Json[] = []): Promise<Result> =>
    abi.decodeFunctionResult(view, String(await ledger.request('eth_call', [{ to: court, data: abi.encodeFunctionData(view, args) }, 'latest'])));
  return {
    async speakerOf(officer) {
      const court = await courtAt();
      if (court === null) return null;
      const { speaker, since } = (await ask(court, 'officers', [officer])).toObject();
      return since === 0n ? null : String(speaker).toLowerCase();
    },
    async seatOf(officer) {
      const court = await courtAt();
      if (court === null) return null;
      const period = String((await ask(court, 'period'))[0]);
      const { stage, root, count } = (await ask(court, 'seatOf', [period, officer])).toObject();
      if (stage === none) return null;
      const [[{ endsAt }], chainId] = [await ask(court, 'periodOf', [period]) as unknown as readonly [{ readonly endsAt: bigint }], await ledger.request('eth_chainId')];
      return {
        period, committed: stage === committed, root: String(root), count: Number(count), endsAt: new Date(Number(endsAt) * 1000),
        chainId: BigInt(String(chainId)).toString(), court: court.toLowerCase(),
      };
    },
  };
}
