import type { Json } from '@oort/kernel-wire';
import type { ModelsEvent } from '@oort/schema/events/models';

type Of<T extends ModelsEvent['type']> = Extract<ModelsEvent, { readonly type: T }>['data'];

export interface Proposal {
  readonly status: 'open' | 'adopted' | 'declined';
  readonly by: string;
  readonly architecture: Json;
  readonly hyperParameters: Json;
  /** Account -> its last word. */
  readonly reviews: ReadonlyMap<string, 'approve' | 'reject'>;
}

export type ModelState =
  | { readonly status: 'unknown' }
  | { readonly status: 'created'; readonly model: Of<'ModelCreated'>; readonly comments: ReadonlySet<string>; readonly proposals: ReadonlyMap<string, Proposal> };

export type RunState =
  | { readonly status: 'unknown' }
  | { readonly status: 'running'; readonly run: Of<'TrainingRunStarted'>; readonly rounds: readonly Of<'TrainingRoundCompleted'>[] }
  | { readonly status: 'completed'; readonly run: Of<'TrainingRunStarted'> }
  | { readonly status: 'failed'; readonly run: Of<'TrainingRunStarted'>; readonly reason: string };

export type VersionState = { readonly status: 'unknown' } | { readonly status: 'published'; readonly version: Of<'ModelVersionPublished'> };

export type DeploymentState =
  | { readonly status: 'unknown' }
  | {
    readonly status: 'deployed' | 'rolled-back'; readonly deployment: Of<'DeploymentCreated'>;
    /** The ring that is open, from 0, and the devices within it. */
    readonly ring: number; readonly reached: ReadonlySet<string>;
    readonly installedOn: ReadonlySet<string>; readonly packets: ReadonlySet<string>;
  };

export type PredictionState = { readonly status: 'unknown' } | { readonly status: 'recorded' };

export const unknown = { status: 'unknown' } as const;
