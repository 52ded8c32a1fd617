import type { ModelsEvent } from '@oort/schema/events/models';
import type { DeploymentState, ModelState, PredictionState, RunState, VersionState } from './state';

type Of<T extends ModelsEvent['type']> = Extract<ModelsEvent, { readonly type: T }>;
export type ModelEvent = Of<'ModelCreated'>;
export type RunEvent = Of<'TrainingRunStarted' | 'TrainingRoundCompleted' | 'TrainingRunCompleted' | 'TrainingRunFailed'>;
export type VersionEvent = Of<'ModelVersionPublished'>;
export type DeploymentEvent = Of<'DeploymentCreated' | 'DeploymentInstalled' | 'DeploymentRolledBack' | 'OfflineUsageReported' | 'PredictionRecorded'>;
export type PredictionEvent = Of<'PredictionRecorded'>;

export function evolveModel(_: ModelState, event: ModelEvent): ModelState {
  return { status: 'created', model: event.data };
}

export function evolveRun(state: RunState, event: RunEvent): RunState {
  if (event.type === 'TrainingRunStarted') return { status: 'running', run: event.data, rounds: [] };
  if (state.status !== 'running') return state;
  switch (event.type) {
    case 'TrainingRoundCompleted': return { ...state, rounds: [...state.rounds, event.data] };
    case 'TrainingRunCompleted': return { status: 'completed', run: state.run };
    case 'TrainingRunFailed': return { status: 'failed', run: state.run, reason: event.data.reason };
  }
}

export function evolveVersion(_: VersionState, event: VersionEvent): VersionState {
  return { status: 'published', version: event.data };
}

export function evolveDeployment(state: DeploymentState, event: DeploymentEvent): DeploymentState {
  if (event.type === 'DeploymentCreated') return { status: 'deployed', deployment: event.data, installedOn: new Set(), packets: new Set() };
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'DeploymentInstalled': return { ...state, installedOn: new Set(state.installedOn).add(event.data.nodeId) };
    case 'DeploymentRolledBack': return { ...state, status: 'rolled-back' };
    case 'OfflineUsageReported': return { ...state, packets: new Set(state.packets).add(event.data.packetId) };
    case 'PredictionRecorded': return state;
  }
}

export function evolvePrediction(): PredictionState {
  return { status: 'recorded' };
}
