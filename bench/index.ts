// Figures, each beside a peer measured in the same run: see main.ts.
export { figure, lineOf, type Figure, type Measured } from './figure';
