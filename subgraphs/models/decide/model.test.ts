import { command, scenario } from '@oort/kernel-decider';
import type { ModelEvent } from '../evolve';
import { modelDecider } from './model';

const now = { actor: 'account_1', now: new Date('2026-01-01T00:00:00.000Z'), id: 'command_1' };
const when = scenario(modelDecider);
const created: ModelEvent = { type: 'ModelCreated', data: { modelId: 'model_1', accountId: 'owner', name: 'digits', architecture: {}, licence: 'MIT' } };
const comment = { modelId: 'model_1', commentId: 'comment_1', accountId: 'ann', replyTo: null, text: 'hello' };
const design = { modelId: 'model_1', proposalId: 'proposal_1', accountId: 'ann', architecture: { deeper: true }, hyperParameters: { optimiser: 'adam' }, text: 'better' };
const proposed: readonly ModelEvent[] = [created, { type: 'DesignProposed', data: design }];
const review = (accountId: string, verdict: 'approve' | 'reject') => ({ modelId: 'model_1', proposalId: 'proposal_1', accountId, verdict, text: '' });
const reviewed = (accountId: string, verdict: 'approve' | 'reject'): ModelEvent => ({ type: 'DesignReviewed', data: review(accountId, verdict) });
const decision = (accountId: string, adopt: boolean) => command('DecideDesign', { modelId: 'model_1', proposalId: 'proposal_1', accountId, adopt }, now);
const outcome = { modelId: 'model_1', proposalId: 'proposal_1', accountId: 'owner' };

describe('a model', () => {
  it('is talked about, and answers name a comment that is there', () => {
    when.given([created]).when(command('CommentOnModel', comment, now)).thenEvents([{ type: 'ModelCommented', data: comment }]);
    const reply = { ...comment, commentId: 'comment_2', replyTo: 'comment_1' };
    when.given([created, { type: 'ModelCommented', data: comment }]).when(command('CommentOnModel', reply, now)).thenEvents([{ type: 'ModelCommented', data: reply }]);
    when.given([created]).when(command('CommentOnModel', reply, now)).thenRefused('UNKNOWN_COMMENT');
    when.given([]).when(command('CommentOnModel', comment, now)).thenRefused('UNKNOWN_MODEL');
  });
});

describe('a change of the design', () => {
  it('is adopted by the owner after somebody else approved it', () => {
    when.given([created]).when(command('ProposeDesign', design, now)).thenEvents([{ type: 'DesignProposed', data: design }]);
    when.given(proposed).when(command('ReviewDesign', review('bob', 'approve'), now)).thenEvents([reviewed('bob', 'approve')]);
    const { architecture, hyperParameters } = design;
    when.given([...proposed, reviewed('bob', 'approve')]).when(decision('owner', true)).thenEvents([{ type: 'DesignAdopted', data: { ...outcome, architecture, hyperParameters } }]);
  });

  it('is declined by the owner without one', () => {
    when.given(proposed).when(decision('owner', false)).thenEvents([{ type: 'DesignDeclined', data: outcome }]);
  });

  it('is not adopted without an approval, against a rejection, by somebody else, or twice', () => {
    when.given(proposed).when(decision('owner', true)).thenRefused('NOT_APPROVED');
    when.given([...proposed, reviewed('bob', 'approve'), reviewed('cid', 'reject')]).when(decision('owner', true)).thenRefused('NOT_APPROVED');
    when.given([...proposed, reviewed('bob', 'reject'), reviewed('bob', 'approve')]).when(decision('owner', false)).thenEvents([{ type: 'DesignDeclined', data: outcome }]);
    when.given([...proposed, reviewed('bob', 'approve')]).when(decision('ann', true)).thenRefused('NOT_OWNER');
    when.given([...proposed, { type: 'DesignDeclined', data: outcome }]).when(decision('owner', true)).thenRefused('NO_OPEN_PROPOSAL');
  });

  it('is not reviewed by who proposed it, nor after it was decided', () => {
    when.given(proposed).when(command('ReviewDesign', review('ann', 'approve'), now)).thenRefused('OWN_PROPOSAL');
    when.given([created]).when(command('ReviewDesign', review('bob', 'approve'), now)).thenRefused('NO_OPEN_PROPOSAL');
    when.given([...proposed, { type: 'DesignDeclined', data: outcome }]).when(command('ReviewDesign', review('bob', 'approve'), now)).thenRefused('NO_OPEN_PROPOSAL');
  });
});
