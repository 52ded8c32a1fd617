// given / when / then for the tests of a decider.
import { deepStrictEqual } from 'node:assert';
import type { Command, Decider, DomainEvent, RefusalOf } from './port';

interface Then<S, E, R extends RefusalOf> {
  thenEvents(events: readonly E[]): void;
  /** Also compares the refusal's payload when one is given. */
  thenRefused(code: R['code'], payload?: R['payload']): void;
  thenState(state: S): void;
}

interface When<C, S, E, R extends RefusalOf> { when(command: C): Then<S, E, R> }

export function scenario<C extends Command, S, E extends DomainEvent, R extends RefusalOf>(
  decider: Decider<C, S, E, R>,
): { given(events: readonly E[]): When<C, S, E, R> } {
  return {
    given: (events) => ({
      when: (command) => {
        const state = events.reduce((before, event) => decider.evolve(before, event), decider.initial);
        const decision = decider.decide(command, state);
        const made = 'events' in decision ? decision.events : [];
        return {
          thenEvents: (expected) => deepStrictEqual(decision, { events: expected }),
          thenRefused: (code, payload) => {
            const refusal = 'refused' in decision ? decision.refused : null;
            deepStrictEqual(refusal === null ? decision : refusal.code, code);
            if (payload !== undefined) deepStrictEqual(refusal?.payload, payload);
          },
          thenState: (expected) => deepStrictEqual(made.reduce((before, event) => decider.evolve(before, event), state), expected),
        };
      },
    }),
  };
}
