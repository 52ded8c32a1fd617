// Kinds of node: what share of its results is wrong, job by job, and what share of its audits can show it.
export interface NodeClass {
  readonly name: string;
  readonly honest: boolean;
  wrong(job: number): number;
  /** 1: every audit of a wrong result fails it. */
  readonly detection: number;
}

const honest = (percent: number): NodeClass => ({ name: `honest, faults ${percent} %`, honest: true, wrong: () => percent / 100, detection: 1 });
const cheat = (percent: number): NodeClass => ({ name: `cheats ${percent} %`, honest: false, wrong: () => percent / 100, detection: 1 });

/** Of all audits, as the officer draws them. */
const phantomShare = 0.6;

export const nodeClasses: readonly NodeClass[] = [
  honest(0.1), honest(1), honest(2),
  cheat(5), cheat(10), cheat(50),
  { name: 'honest for 500 jobs, then cheats 30 %', honest: false, wrong: (job) => (job < 500 ? 0.001 : 0.3), detection: 1 },
  // Either defence alone must do: it answers every phantom honestly, or none of its replicas is compared honestly.
  { name: 'cheats 10 %, sees through phantoms', honest: false, wrong: () => 0.1, detection: 1 - phantomShare },
  { name: 'cheats 10 %, replicas collude', honest: false, wrong: () => 0.1, detection: phantomShare },
];
