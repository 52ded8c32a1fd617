// Gives the officers' fund the wage of every seat that committed to phantoms: of the treasury, which the platform's key holds.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';
import { wageCall } from './react';

type ChainLog = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

export class OfficerWages {
  constructor(private readonly chain: Pick<Chain, 'view'>, private readonly calls: Pick<ChainCalls, 'intend'>) {}

  async observed(event: RecordedEvent): Promise<void> {
    const { contract, event: name, args } = event.data as unknown as ChainLog;
    if (contract !== 'OfficerCourt' || name !== 'PhantomsCommitted') return;
    const [{ wage }] = await this.chain.view('OfficerCourt', 'terms', []) as unknown as readonly [{ readonly wage: bigint }];
    await this.calls.intend(wageCall(String(args['period']), String(args['officer']), wage), event);
  }
}
