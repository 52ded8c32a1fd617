import type { ModelsEvent } from '@oort/schema/events/models';
import type { DeploymentState, ModelState, PredictionState, Proposal, RunState, VersionState } from './state';

type Of<T extends ModelsEvent['type']> = Extract<ModelsEvent, { readonly type: T }>;
export type ModelEvent = Of<'ModelCreated' | 'ModelCommented' | 'DesignProposed' | 'DesignReviewed' | 'DesignAdopted' | 'DesignDeclined'>;
export type RunEvent = Of<'TrainingRunStarted' | 'TrainingRoundCompleted' | 'TrainingRunCompleted' | 'TrainingRunFailed'>;
export type VersionEvent = Of<'ModelVersionPublished'>;
export type DeploymentEvent = Of<'DeploymentCreated' | 'DeploymentRingOpened' | 'DeploymentInstalled' | 'DeploymentRolledBack' | 'OfflineUsageReported' | 'PredictionRecorded'>;
export type PredictionEvent = Of<'PredictionRecorded'>;

export function evolveModel(state: ModelState, event: ModelEvent): ModelState {
  if (event.type === 'ModelCreated') return { status: 'created', model: event.data, comments: new Set(), proposals: new Map() };
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'ModelCommented': return { ...state, comments: new Set(state.comments).add(event.data.commentId) };
    case 'DesignProposed': {
      const { proposalId, accountId: by, architecture, hyperParameters } = event.data;
      return withProposal(state, proposalId, { status: 'open', by, architecture, hyperParameters, reviews: new Map() });
    }
    case 'DesignReviewed': {
      const { proposalId, accountId, verdict } = event.data;
      const proposal = state.proposals.get(proposalId);
      return proposal === undefined ? state : withProposal(state, proposalId, { ...proposal, reviews: new Map(proposal.reviews).set(accountId, verdict) });
    }
    case 'DesignAdopted':
    case 'DesignDeclined': {
      const { proposalId } = event.data;
      const proposal = state.proposals.get(proposalId);
      return proposal === undefined ? state : withProposal(state, proposalId, { ...proposal, status: event.type === 'DesignAdopted' ? 'adopted' : 'declined' });
    }
  }
}

function withProposal<S extends Exclude<ModelState, { readonly status: 'unknown' }>>(state: S, proposalId: string, proposal: Proposal): S {
  return { ...state, proposals: new Map(state.proposals).set(proposalId, proposal) };
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
  if (event.type === 'DeploymentCreated') {
    return {
      status: 'deployed', deployment: event.data, ring: 0, reached: new Set(event.data.firstNodeIds ?? event.data.nodeIds),
      installedOn: new Set(), packets: new Set(),
    };
  }
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'DeploymentRingOpened': return { ...state, ring: event.data.ring, reached: new Set(event.data.nodeIds) };
    case 'DeploymentInstalled': return { ...state, installedOn: new Set(state.installedOn).add(event.data.nodeId) };
    case 'DeploymentRolledBack': return { ...state, status: 'rolled-back' };
    case 'OfflineUsageReported': return { ...state, packets: new Set(state.packets).add(event.data.packetId) };
    case 'PredictionRecorded': return state;
  }
}

export function evolvePrediction(): PredictionState {
  return { status: 'recorded' };
}
