// What anybody may hold of a published version: a statement of the platform about its file. Ed25519 signs the same text the same
// way, so it is made when it is asked for.
import { signWith } from '@oort/kernel-identity';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { modelById, versionById } from '@oort/projections-models';
import { faceOf } from './face';
import type { ModelsPorts } from './ports';

export interface SignedRelease { readonly release: string; readonly signature: string; readonly publicKey: string }

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Null for a version that does not exist. The form is that of node-agents/model/release.ts. */
export async function modelRelease({ readModels: { database }, platformKey }: Pick<ModelsPorts, 'readModels' | 'platformKey'>, versionId: string): Promise<SignedRelease | null> {
  const version = await versionById(database, versionId);
  const model = version === null ? null : await modelById(database, version.modelId);
  if (version === null || model === null) return null;
  const { input, labels } = faceOf(model.architecture as Json);
  const { licenceExpiresAt } = (version.card ?? {}) as { readonly licenceExpiresAt?: Json };
  const release = canonicalJson({
    kind: 'oort-model/1', versionId, modelId: model.id, name: model.name, modelContentId: version.modelContentId, modelRoot: version.modelRoot, labels, input,
    licence: model.licence, licenceExpiresAt: typeof licenceExpiresAt === 'string' && instant.test(licenceExpiresAt) ? licenceExpiresAt : null,
  });
  return { release, signature: signWith(platformKey, release), publicKey: platformKey.publicKey };
}
