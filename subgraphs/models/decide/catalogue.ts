// Versions and served predictions: each a stream that is written once.
import type { Decider } from '@oort/kernel-decider';
import type { PredictionCommand, VersionCommand } from '../commands';
import { evolvePrediction, evolveVersion, type PredictionEvent, type VersionEvent } from '../evolve';
import type { VersionRefusal } from '../refusals';
import { unknown, type PredictionState, type VersionState } from '../state';

export const versionDecider: Decider<VersionCommand, VersionState, VersionEvent, VersionRefusal> = {
  category: 'modelversion',
  initial: unknown,
  decide: ({ data }, state) => (state.status === 'unknown'
    ? { events: [{ type: 'ModelVersionPublished', data }] }
    : { refused: { code: 'VERSION_EXISTS', message: 'This run was published already.', payload: { id: data.versionId } } }),
  evolve: evolveVersion,
};

/** Said twice, a prediction stands once. */
export const predictionDecider: Decider<PredictionCommand, PredictionState, PredictionEvent, never> = {
  category: 'prediction',
  initial: unknown,
  decide: ({ data }, state) => ({ events: state.status === 'unknown' ? [{ type: 'PredictionRecorded', data }] : [] }),
  evolve: evolvePrediction,
};
