// What the chain says of an officer's seat in the current period.
import { Interface } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { contractAbis, type Ledger } from '@oort/schema';

export interface OfficerSeat {
  readonly period: string;
  /** May hand in and open for the officer, beside the officer itself. Lower case. */
  readonly speaker: string;
  readonly committed: boolean;
  /** Of its phantoms' leaves: hex with 0x. */
  readonly root: string;
  readonly count: number;
  readonly endsAt: Date;
  readonly chainId: string;
  readonly court: string;
}

export type SeatOf = (officer: string) => Promise<OfficerSeat | null>;

const abi = new Interface(contractAbis.OfficerCourt);
/** OfficerCourt.Stage */
const [none, committed] = [0n, 2n];

/** Null for who has no seat, and on a network that began before there were officers. */
export function seatsOn(ledger: Ledger): SeatOf {
  return async (officer) => {
    const { OfficerCourt: court } = await ledger.request('olympus_contracts') as { readonly [name: string]: string | undefined };
    if (court === undefined) return null;
    const ask = async (view: string, args: readonly Json[]): Promise<{ readonly [name: string]: unknown }> => {
      const answer = await ledger.request('eth_call', [{ to: court, data: abi.encodeFunctionData(view, args) }, 'latest']);
      return abi.decodeFunctionResult(view, String(answer)).toObject();
    };
    const period = String(abi.decodeFunctionResult('period', String(await ledger.request('eth_call', [{ to: court, data: abi.encodeFunctionData('period') }, 'latest'])))[0]);
    const [seat, { speaker }, chainId] = await Promise.all([ask('seatOf', [period, officer]), ask('officers', [officer]), ledger.request('eth_chainId')]);
    if (seat['stage'] === none) return null;
    const times = abi.decodeFunctionResult('periodOf', String(await ledger.request('eth_call', [{ to: court, data: abi.encodeFunctionData('periodOf', [period]) }, 'latest'])))[0] as { readonly endsAt: bigint };
    return {
      period, speaker: String(speaker).toLowerCase(), committed: seat['stage'] === committed, root: String(seat['root']), count: Number(seat['count']),
      endsAt: new Date(Number(times.endsAt) * 1000), chainId: BigInt(String(chainId)).toString(), court: court.toLowerCase(),
    };
  };
}
