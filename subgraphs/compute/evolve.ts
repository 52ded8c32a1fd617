import type { ComputeEvent } from '@oort/schema/events/compute';
import type { JobFacts, JobState } from './state';

export function evolve(state: JobState, event: ComputeEvent): JobState {
  if (event.type === 'JobSubmitted') {
    const { reservedMicroUsd, avoid = [], checkpoint = null, ...asked } = event.data;
    return {
      ...asked, status: 'queued', reservedMicroUsd: BigInt(reservedMicroUsd), attempts: 0,
      failures: { infrastructure: 0, application: 0, validation: 0 }, failedOn: avoid, checkpoint,
    };
  }
  if (state.status === 'none') return state;
  const facts = factsOf(state);
  switch (event.type) {
    case 'AttemptLeased': {
      const { attempt, nodeId, fencingToken, expiresAt } = event.data;
      return { ...facts, status: 'running', attempts: attempt, lease: { attempt, nodeId, fencingToken, expiresAt, askBasisPoints: 10_000, commitment: null } };
    }
    case 'PriceAgreed': return state.status === 'running' ? { ...state, lease: { ...state.lease, askBasisPoints: event.data.askBasisPoints } } : state;
    case 'AttemptPreempted': return { ...facts, status: 'queued' };
    case 'AttemptCheckpointed': {
      const { step, contentId, hash } = event.data;
      return { ...state, checkpoint: { step, contentId, hash } };
    }
    case 'ResultCommitted': {
      const { commitment, signature } = event.data;
      return state.status === 'running' ? { ...state, lease: { ...state.lease, commitment: { commitment, signature } } } : state;
    }
    case 'FraudProved': return state.status === 'completed' ? { ...state, fraudProved: true } : state;
    case 'RevealMissed':
    case 'SignatureRefused': return state;
    case 'AttemptFailed': {
      const { budget, nodeId } = event.data;
      const failures = { ...facts.failures, [budget]: facts.failures[budget] + 1 };
      return { ...facts, status: 'queued', failures, failedOn: [...new Set([...facts.failedOn, nodeId])] };
    }
    case 'JobCompleted': {
      const { attempt, nodeId, resultHash, costMicroUsd, salt = '', resultSignature } = event.data;
      return { ...facts, status: 'completed', attempt, nodeId, resultHash, costMicroUsd: BigInt(costMicroUsd), salt, resultSignature, fraudProved: false };
    }
    case 'ResultRecorded': return state;
    case 'JobFailed': return { ...facts, status: 'failed' };
    case 'JobCancelled': return { ...facts, status: 'cancelled' };
    case 'JobRefunded': return state.status === 'completed' ? { ...state, status: 'refunded' } : state;
  }
}

function factsOf(state: Exclude<JobState, { readonly status: 'none' }>): JobFacts {
  const { jobId, kind, submitter, subject, spec, specHash, reservedMicroUsd, attempts, failures, failedOn, checkpoint } = state;
  return { jobId, kind, submitter, subject, spec, specHash, reservedMicroUsd, attempts, failures, failedOn, checkpoint };
}
