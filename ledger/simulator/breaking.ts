// One fault more than the rules survive: what PROTOCOL.md shows, by `npm run sim -- --break safety|liveness`.
import type { Scenario } from './simulate';

/** W = 4 tolerates one liar. Two that run twice let two halves of the network make two pasts. */
export const breaksSafety: Scenario = { seed: 1, witnessCount: 4, conducts: ['split', 'split'] };

/** W = 4 goes on without one witness, and stands still without two: nothing wrong becomes final. */
export const breaksLiveness: Scenario = { seed: 1, witnessCount: 4, conducts: ['silent', 'silent'] };
