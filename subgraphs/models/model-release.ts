// What anybody may hold of a published version: a statement of the platform about its file. Ed25519 signs the same text the same
// way, so it is made when it is asked for.
import { signWith } from '@oort/kernel-identity';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { modelById, versionById } from '@oort/projections-models';
import { licenceEnd } from './card';
import { faceOf } from './face';
import type { ModelsPorts } from './ports';

export interface SignedRelease { readonly release: string; readonly signature: string; readonly publicKey: string }

/** Of a licence whose end nobody can read: it does not run, rather than for ever. */
const ended = new Date(0).toISOString();

/** Null for a version that does not exist. The form is that of node-agents/model/release.ts. */
export async function modelRelease({ readModels: { database }, platformKey }: Pick<ModelsPorts, 'readModels' | 'platformKey'>, versionId: string): Promise<SignedRelease | null> {
  const version = await versionById(database, versionId);
  const model = version === null ? null : await modelById(database, version.modelId);
  if (version === null || model === null) return null;
  const { input, labels } = faceOf(model.architecture as Json);
  const end = licenceEnd(version.card as Json);
  const release = canonicalJson({
    kind: 'oort-model/1', versionId, modelId: model.id, name: model.name, modelContentId: version.modelContentId, modelRoot: version.modelRoot, labels, input,
    licence: model.licence, licenceExpiresAt: end === undefined ? ended : end,
  });
  return { release, signature: signWith(platformKey, release), publicKey: platformKey.publicKey };
}
