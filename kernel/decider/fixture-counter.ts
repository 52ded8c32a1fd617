// The smallest decider that has everything: for the tests of this package.
import type { Command, Decider, RefusalOf } from './port';

export type CounterCommand = Command<'Count', { readonly by: number }>;
export type CounterEvent = { readonly type: 'Counted'; readonly data: { readonly by: number } };
export type CounterRefusal = RefusalOf<'LIMIT_REACHED', { readonly limit: number }>;

const limit = 3;

export const counter: Decider<CounterCommand, number, CounterEvent, CounterRefusal> = {
  category: 'counter',
  initial: 0,
  decide: ({ data }, state) => state + data.by > limit
    ? { refused: { code: 'LIMIT_REACHED', message: `a counter stops at ${limit}`, payload: { limit } } }
    : { events: [{ type: 'Counted', data: { by: data.by } }] },
  evolve: (state, event) => state + event.data.by,
};
