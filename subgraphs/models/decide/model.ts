// A model, what is said about it, and changes of its design: anybody proposes, somebody else reviews, and its owner adopts.
import type { Decider, Decision } from '@oort/kernel-decider';
import type { ModelCommand } from '../commands';
import { evolveModel, type ModelEvent } from '../evolve';
import type { ModelRefusal } from '../refusals';
import { unknown, type ModelState } from '../state';

export const modelDecider: Decider<ModelCommand, ModelState, ModelEvent, ModelRefusal> = { category: 'model', initial: unknown, decide, evolve: evolveModel };

function decide(command: ModelCommand, state: ModelState): Decision<ModelEvent, ModelRefusal> {
  const { modelId } = command.data;
  if (command.type === 'CreateModel') {
    if (state.status !== 'unknown') return refuse('MODEL_EXISTS', 'There is a model with this id.', modelId);
    return { events: [{ type: 'ModelCreated', data: command.data }] };
  }
  if (state.status === 'unknown') return refuse('UNKNOWN_MODEL', 'There is no such model.', modelId);
  switch (command.type) {
    case 'CommentOnModel': {
      const { replyTo } = command.data;
      if (replyTo !== null && !state.comments.has(replyTo)) return refuse('UNKNOWN_COMMENT', 'There is no such comment to answer.', replyTo);
      return { events: [{ type: 'ModelCommented', data: command.data }] };
    }
    case 'ProposeDesign': return { events: [{ type: 'DesignProposed', data: command.data }] };
    case 'ReviewDesign': {
      const { proposalId, accountId } = command.data;
      const proposal = state.proposals.get(proposalId);
      if (proposal?.status !== 'open') return refuse('NO_OPEN_PROPOSAL', 'There is no such proposal, or it was decided.', proposalId);
      if (proposal.by === accountId) return refuse('OWN_PROPOSAL', 'Who proposed a change does not review it.', proposalId);
      return { events: [{ type: 'DesignReviewed', data: command.data }] };
    }
    case 'DecideDesign': return decideDesign(command.data, state);
  }
}

type Decide = Extract<ModelCommand, { readonly type: 'DecideDesign' }>['data'];
type Known = Exclude<ModelState, { readonly status: 'unknown' }>;

/** Adopting takes the approval of somebody who did not propose it, and nobody's last word against it. */
function decideDesign({ modelId, proposalId, accountId, adopt }: Decide, { model, proposals }: Known): Decision<ModelEvent, ModelRefusal> {
  if (model.accountId !== accountId) return refuse('NOT_OWNER', 'Only the model\'s owner decides.', modelId);
  const proposal = proposals.get(proposalId);
  if (proposal?.status !== 'open') return refuse('NO_OPEN_PROPOSAL', 'There is no such proposal, or it was decided.', proposalId);
  if (!adopt) return { events: [{ type: 'DesignDeclined', data: { modelId, proposalId, accountId } }] };
  const verdicts = [...proposal.reviews.values()];
  if (!verdicts.includes('approve') || verdicts.includes('reject')) {
    return refuse('NOT_APPROVED', 'A change is adopted when somebody else approved it and nobody rejects it.', proposalId);
  }
  return { events: [{ type: 'DesignAdopted', data: { modelId, proposalId, accountId, architecture: proposal.architecture, hyperParameters: proposal.hyperParameters } }] };
}

function refuse(code: ModelRefusal['code'], message: string, id: string): { readonly refused: ModelRefusal } {
  return { refused: { code, message, payload: { id } } };
}
