// What a device installs: a bundle that says which file, and a licence that says who may run it until when. Both are signed by
// the platform's key over canonical JSON, and Ed25519 signs the same bytes the same way, so neither has to be kept.
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import { canonicalJson } from '@oort/kernel-wire';

export interface BundleFacts {
  readonly deploymentId: string;
  readonly versionId: string;
  readonly modelContentId: string;
  readonly modelRoot: string;
  readonly labels: readonly string[];
  readonly nodeIds: readonly string[];
  readonly licenceExpiresAt: string;
}

export function bundleText({ deploymentId, versionId, modelContentId, modelRoot, labels, nodeIds, licenceExpiresAt }: BundleFacts): string {
  return canonicalJson({ deploymentId, versionId, modelContentId, modelRoot, labels, nodeIds, licenceExpiresAt });
}

export function signBundle(facts: BundleFacts, key: DeviceKey): string {
  return signWith(key, bundleText(facts));
}

/** `base64url(canonical JSON) . hex signature`, like a JWS without its header: there is one algorithm. */
export function licenceToken({ deploymentId, versionId, licenceExpiresAt }: BundleFacts, nodeId: string, key: DeviceKey): string {
  const text = canonicalJson({ deploymentId, versionId, nodeId, licenceExpiresAt });
  return `${Buffer.from(text).toString('base64url')}.${signWith(key, text)}`;
}
