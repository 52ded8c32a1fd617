// A chain call is recorded with the nonce that it alone may use before it is sent. Sent again after a kill it is the
// same transaction, so it counts once.
import type { Decider, Decision } from '@oort/kernel-decider';
import type { CallsCommand } from './commands';
import { evolveCalls, type CallsEvent } from './evolve';
import type { CallsRefusal } from './refusals';
import { noCalls, type CallsState } from './state';

export const anchorSubject = 'anchor';

/** One stream for one signing account: its revision guards the nonce. */
export const callsDecider: Decider<CallsCommand, CallsState, CallsEvent, CallsRefusal> = {
  category: 'chain_calls', initial: noCalls, decide: decideCalls, evolve: evolveCalls,
};

function decideCalls(command: CallsCommand, state: CallsState): Decision<CallsEvent, CallsRefusal> {
  const { callId } = command.data;
  switch (command.type) {
    case 'IntendCall': {
      if (state.pending.has(callId)) return { refused: { code: 'CALL_PENDING_ALREADY', message: 'The call is under way.', payload: { callId } } };
      const { chainNonce, ...call } = command.data;
      return { events: [{ type: 'ChainCallIntended', data: { ...call, nonce: Math.max(state.nextNonce ?? 0, chainNonce) } }] };
    }
    case 'FinaliseCall': {
      const intent = state.pending.get(callId);
      if (intent === undefined) return { refused: { code: 'CALL_NOT_PENDING', message: 'No such call is under way.', payload: { callId } } };
      const { contract, method, subject, args } = intent;
      const { txHash, blockHash, blockNumber, status } = command.data;
      const final: CallsEvent = { type: 'ChainCallFinalised', data: { callId, contract, method, subject, txHash, blockHash, blockNumber, status } };
      if (subject.kind !== anchorSubject || status === 'reverted') return { events: [final] };
      const [treeSize, root] = args;
      return { events: [final, { type: 'LogAnchored', data: { treeSize: Number(treeSize), root: String(root).slice(2), txHash, blockHash, blockNumber } }] };
    }
  }
}
