// A version that was not trained here: an ONNX file that its importer handed in, into the catalogue by the same events as our own, so
// that its card, its licence, its root on chain, its deployments and its serving are those of any version.
import { commitBytes } from '@oort/algorithms-possession';
import { ModelFileRefused, requireSelfContained } from '@oort/algorithms-training/self-contained';
import { ContentCorrupt, ContentMissing } from '@oort/kernel-content';
import { command, createHandler } from '@oort/kernel-decider';
import { deriveId, type Json } from '@oort/kernel-wire';
import { mayFetch } from '@oort/projections-contents';
import { problemOfCard } from '../card';
import { versionDecider } from '../decide/catalogue';
import { modelDecider } from '../decide/model';
import { importedDesign, problemOfFace, type Face } from '../face';
import type { ModelsPorts } from '../ports';
import { refuse } from '../refusals';
import { answer, signIn, type Actor, type Answer } from './answer';

export interface ImportInput {
  readonly name: string;
  readonly modelContentId: string;
  readonly licence: string;
  readonly card: Json;
  readonly labels?: readonly string[];
  readonly input?: readonly number[] | null;
  readonly openToAll?: boolean;
}

const longest = { name: 200, licence: 100 };

export class ImportRequests {
  private readonly models;
  private readonly versions;

  constructor(private readonly ports: ModelsPorts) {
    const clock = (): Date => ports.now();
    this.models = createHandler({ store: ports.store, decider: modelDecider, now: clock });
    this.versions = createHandler({ store: ports.store, decider: versionDecider, now: clock });
  }

  /** The same file under the same name by the same account is the same version, however often it is asked for. */
  async importVersion(actor: Actor, given: ImportInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const { name, modelContentId, licence, card, labels = [], input = null, openToAll = false } = given;
    const face: Face = { input, labels };
    const problem = problemOf(given) ?? problemOfFace(face);
    if (problem !== null) return refuse('INVALID_INPUT', problem);
    const file = await this.fileOf(modelContentId, actor.accountId);
    if (file === null) return refuse('UNKNOWN_CONTENT', 'There is no such content that this account may read: hand the file in first.', modelContentId);
    const unfit = looksLikeOnnx(file) ? problemOfFile(file) : 'The file is not an ONNX model.';
    if (unfit !== null) return refuse('NOT_ONNX', unfit, modelContentId);
    const modelId = deriveId('model', `import/${actor.accountId}/${name}/${modelContentId}`);
    const versionId = deriveId('modelversion', modelId);
    const options = (what: string): { readonly actor: string; readonly now: Date; readonly id: string } => ({ actor: actor.accountId, now: this.ports.now(), id: deriveId('command', `${what}/${modelId}`) });
    const data = { modelId, accountId: actor.accountId, name, architecture: importedDesign(face), licence, forkedFrom: null };
    const created = await this.models(modelId, command('CreateModel', data, options('import-model')));
    if (!created.ok && created.refusal.code !== 'MODEL_EXISTS') return { refused: created.refusal };
    const version = { versionId, modelId, runId: null, accountId: actor.accountId, publisher: actor.address, modelContentId, modelRoot: commitBytes(file).root, card, openToAll };
    return answer(versionId, await this.versions(versionId, command('PublishVersion', version, options('import-version'))));
  }

  /** Null unless the account may read it: whoever publishes a file must have it. */
  private async fileOf(contentId: string, accountId: string): Promise<Buffer | null> {
    const { store, readModels, content } = this.ports;
    const head = await store.head();
    if (head !== null) await readModels.waitFor('contents', head);
    if (!await mayFetch(readModels, contentId, accountId)) return null;
    return content.get(contentId).catch((error: unknown) => {
      if (error instanceof ContentMissing || error instanceof ContentCorrupt) return null;
      throw error;
    });
  }
}

function problemOf({ name, licence, card }: ImportInput): string | null {
  if (name.trim() === '' || name.length > longest.name) return 'A model needs a name of at most 200 characters.';
  if (licence.trim() === '' || licence.length > longest.licence) return 'A licence is its SPDX name, of at most 100 characters.';
  return problemOfCard(card);
}

function problemOfFile(file: Buffer): string | null {
  try {
    requireSelfContained(file);
    return null;
  } catch (error) {
    if (error instanceof ModelFileRefused) return error.message;
    throw error;
  }
}

/** A ModelProto begins with its ir_version, field 1 as a varint (onnx.proto). Whether its graph can be run only a node's sandbox finds out. */
function looksLikeOnnx(file: Buffer): boolean {
  return file.length > 16 && file[0] === 0x08 && (file[1] ?? 0) > 0 && (file[1] ?? 0) < 0x40;
}
