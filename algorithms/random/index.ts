// Seeded randomness for what must come out the same again: training, simulations, tests. Never for keys.
export { SeededRandom } from './random';
