// What a community does with a model: fork it, talk about it, propose and review changes of its design, adopt one.
import { ArchitectureRefused, readArchitecture, readHyperParameters, SpecRefused } from '@oort/algorithms-training';
import { command, createHandler, type Outcome } from '@oort/kernel-decider';
import { newId, type Json } from '@oort/kernel-wire';
import { modelById, proposalById, type ModelRow } from '@oort/projections-models';
import type { ModelCommand } from '../commands';
import { modelDecider } from '../decide/model';
import type { ModelsPorts } from '../ports';
import { refuse, type ModelRefusal, type Refused } from '../refusals';
import type { ModelState } from '../state';
import { answer, signIn, type Actor, type Answer } from './answer';

export interface ForkInput { readonly modelId: string; readonly name: string }
export interface CommentInput { readonly modelId: string; readonly text: string; readonly replyTo?: string | null }
export interface ProposeInput { readonly modelId: string; readonly architecture?: Json | null; readonly hyperParameters?: Json | null; readonly text: string }
export interface ReviewInput { readonly proposalId: string; readonly verdict: 'APPROVE' | 'REJECT'; readonly text: string }
export interface DecideInput { readonly proposalId: string; readonly adopt: boolean }

const longestText = 10_000;
const longestName = 200;

export class CommunityRequests {
  private readonly handle: (modelId: string, command: ModelCommand) => Promise<Outcome<ModelState, ModelRefusal>>;

  constructor(private readonly ports: ModelsPorts) {
    this.handle = createHandler({ store: ports.store, decider: modelDecider, now: () => ports.now() });
  }

  /** A model of one's own with the design, the labels and the licence of another. */
  async forkModel(actor: Actor, { modelId: forkedFrom, name }: ForkInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const source = await this.model(forkedFrom);
    if ('refused' in source) return source;
    if (name.trim() === '' || name.length > longestName) return refuse('INVALID_INPUT', 'A model needs a name of at most 200 characters.');
    const modelId = newId('model', this.ports.now());
    const { architecture, licence } = source;
    return this.run(modelId, modelId, actor, 'CreateModel', { modelId, accountId: actor.accountId, name, architecture: architecture as Json, licence, forkedFrom });
  }

  async commentOnModel(actor: Actor, { modelId, text, replyTo = null }: CommentInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    if (!isText(text)) return refuse('INVALID_INPUT', 'A comment has from 1 to 10,000 characters.');
    const commentId = newId('comment', this.ports.now());
    return this.run(modelId, commentId, actor, 'CommentOnModel', { modelId, commentId, accountId: actor.accountId, replyTo, text });
  }

  /** What is left out stays as it is. Labels and input stay, since published versions are read by them. */
  async proposeDesign(actor: Actor, { modelId, text, ...input }: ProposeInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const model = await this.model(modelId);
    if ('refused' in model) return model;
    if (!isText(text)) return refuse('INVALID_INPUT', 'A proposal says why, in 1 to 10,000 characters.');
    const architecture = input.architecture ?? model.architecture as Json;
    const hyperParameters = input.hyperParameters ?? model.hyperParameters as Json ?? {};
    const refused = refusedDesign(model, architecture, hyperParameters);
    if (refused !== null) return refused;
    const proposalId = newId('proposal', this.ports.now());
    return this.run(modelId, proposalId, actor, 'ProposeDesign', { modelId, proposalId, accountId: actor.accountId, architecture, hyperParameters, text });
  }

  async reviewDesign(actor: Actor, { proposalId, verdict, text }: ReviewInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    if (text.length > longestText) return refuse('INVALID_INPUT', 'A review has at most 10,000 characters.');
    const modelId = await this.modelOf(proposalId);
    if (typeof modelId !== 'string') return modelId;
    const data = { modelId, proposalId, accountId: actor.accountId, verdict: verdict === 'APPROVE' ? 'approve' : 'reject', text } as const;
    return this.run(modelId, proposalId, actor, 'ReviewDesign', data);
  }

  async decideDesign(actor: Actor, { proposalId, adopt }: DecideInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const modelId = await this.modelOf(proposalId);
    if (typeof modelId !== 'string') return modelId;
    return this.run(modelId, proposalId, actor, 'DecideDesign', { modelId, proposalId, accountId: actor.accountId, adopt });
  }

  private async run<T extends ModelCommand['type']>(modelId: string, id: string, actor: Extract<Actor, { readonly kind: 'account' }>, type: T, data: Extract<ModelCommand, { readonly type: T }>['data']): Promise<Answer> {
    const asked = command(type, data, { actor: actor.accountId, now: this.ports.now() }) as ModelCommand;
    return answer(id, await this.handle(modelId, asked));
  }

  private async model(modelId: string): Promise<ModelRow | Refused> {
    return await modelById(this.ports.readModels.database, modelId) ?? refuse('UNKNOWN_MODEL', 'There is no such model.', modelId);
  }

  private async modelOf(proposalId: string): Promise<string | Refused> {
    const proposal = await proposalById(this.ports.readModels.database, proposalId);
    return proposal?.modelId ?? refuse('UNKNOWN_PROPOSAL', 'There is no such proposal.', proposalId);
  }
}

function refusedDesign(model: ModelRow, architecture: Json, hyperParameters: Json): Refused | null {
  try {
    readHyperParameters(hyperParameters);
    const [before, after] = [readArchitecture(model.architecture as Json), readArchitecture(architecture)];
    const same = before.labels.join('\n') === after.labels.join('\n') && before.input.join() === after.input.join();
    return same ? null : refuse('LABELS_DIFFER', 'A change of the design keeps labels and input; fork the model for others.');
  } catch (error) {
    if (error instanceof ArchitectureRefused) return refuse('ARCHITECTURE_REFUSED', error.message, error.detail);
    if (error instanceof SpecRefused) return refuse('SPEC_REFUSED', error.message, error.detail);
    throw error;
  }
}

function isText(text: string): boolean {
  return text.trim() !== '' && text.length <= longestText;
}
