import type { Stage } from './stage';
import type { Traffic } from './traffic';

export interface Act {
  readonly number: number;
  readonly title: string;
  run(stage: Stage, traffic: Traffic): Promise<void>;
}
