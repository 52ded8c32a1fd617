import { Fault } from '@oort/kernel-wire';

/** What is wrong with a history that somebody offers: a peer, or a file. */
export type HistoryDoubt =
  /** Too few witnesses have signed for it, or somebody who is none. */
  | 'HISTORY_UNSIGNED'
  /** It does not lead up from what is final here. */
  | 'HISTORY_UNLINKED'
  /** Not the blocks of its own outline, or not in the order that the rules give. */
  | 'HISTORY_OUT_OF_ORDER'
  /** It ends, or lacks something that a block lists. */
  | 'HISTORY_INCOMPLETE'
  /** A block breaks a rule; `refusal` says which: a signature, a citation, a summary that execution here does not confirm. */
  | 'HISTORY_BLOCK_INVALID'
  /** Everything ran, and the outcome is not what was signed. */
  | 'HISTORY_SUMMARY_DIFFERS';

export class HistoryRefused extends Fault {
  constructor(readonly doubt: HistoryDoubt, message: string, readonly refusal: string | null = null) {
    super(doubt, message, { refusal });
  }
}
