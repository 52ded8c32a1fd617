import { Fault } from '@oort/kernel-wire';

/** The first thing that does not hold. */
export type Doubt =
  | 'GENESIS_MALFORMED' | 'GENESIS_OF_ANOTHER_CHAIN' | 'PROOF_MALFORMED' | 'PROOF_MISSING' | 'TRANSACTION_NOT_IN_BLOCK'
  | 'SUMMARY_OF_ANOTHER_BLOCK' | 'RECEIPT_NOT_IN_ROOT' | 'SUMMARIES_NOT_LINKED' | 'CITATION_NOT_SIGNED'
  | 'CITATION_NOT_OF_A_WITNESS' | 'CITATION_OF_ANOTHER_SUMMARY' | 'TOO_FEW_WITNESSES' | 'LOG_NOT_EMITTED' | 'NOT_A_WITNESS_SET';

export class NotProven extends Fault {
  constructor(readonly doubt: Doubt, message: string) {
    super(doubt, message);
  }
}
