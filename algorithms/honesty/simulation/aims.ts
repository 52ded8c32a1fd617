// What the rule must reach, each as a sentence with its figure.
import type { Outcome } from './run';

export interface Aim { readonly what: string; readonly figure: string; readonly holds: boolean }

export function aimsOf(outcomes: readonly Outcome[]): readonly Aim[] {
  const named = (name: string): Outcome => outcomes.find(({ of }) => of.name === name) as Outcome;
  const share = (value: number): string => `${(value * 100).toFixed(2)} %`;
  const rare = named('honest, faults 0.1 %');
  const usual = named('honest, faults 1 %');
  const frequent = named('honest, faults 2 %');
  const overhead = (rare.overhead + usual.overhead) / 2;
  const con = named('honest for 500 jobs, then cheats 30 %');
  return [
    { what: 'honest overhead at most 9 %, mean of faults of 0.1 and 1 %', figure: share(overhead), holds: overhead <= 0.09 },
    { what: 'no honest node slashed at faults up to 1 %', figure: share(Math.max(rare.slashed, usual.slashed)), holds: rare.slashed === 0 && usual.slashed === 0 },
    { what: 'at most 0.6 % of honest nodes slashed at faults of 2 %', figure: share(frequent.slashed), holds: frequent.slashed <= 0.006 },
    ...['cheats 10 %', 'cheats 50 %'].map((name) => ({ what: `every node slashed that ${name}`, figure: share(named(name).slashed), holds: named(name).slashed === 1 })),
    { what: 'at least 95 % slashed of those that cheat 5 %', figure: share(named('cheats 5 %').slashed), holds: named('cheats 5 %').slashed >= 0.95 },
    { what: 'at most 15 bad results accepted of the long con', figure: con.accepted.toFixed(1), holds: con.accepted <= 15 },
  ];
}
