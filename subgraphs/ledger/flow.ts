import type { Flow } from '@oort/kernel-decider';

export const callsFlow = {
  IntendCall: { events: ['ChainCallIntended'], refusals: ['CALL_PENDING_ALREADY'] },
  FinaliseCall: { events: ['ChainCallFinalised', 'LogAnchored'], refusals: ['CALL_NOT_PENDING'] },
} as const satisfies Flow;
