// A dataset version as bytes: canonical JSON under a content id. Its root is over the items alone, so an item proves its place
// with a Merkle path and without the rest.
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, type Json } from '@oort/kernel-wire';

export interface ManifestItem {
  readonly itemId: string;
  readonly contributionId: string;
  readonly contentId: string;
  readonly sha256: string;
  readonly mediaType: string;
  readonly label: string;
  readonly posterior: number;
  readonly judgements: number;
  readonly contributor: string;
  readonly consentId: string;
}

export interface Manifest {
  readonly format: 'oort-dataset/1';
  readonly versionId: string;
  readonly datasetId: string;
  readonly missionId: string;
  readonly parentVersionId: string | null;
  readonly title: string;
  readonly labels: readonly string[];
  readonly licence: string;
  readonly sealedAt: string;
  readonly sealedBy: string;
  readonly agreement: {
    readonly measure: 'krippendorff-alpha-nominal';
    readonly before: number;
    readonly after: number;
  };
  /** RFC 6962, SHA-256, a leaf being the canonical JSON of an item. */
  readonly root: string;
  readonly items: readonly ManifestItem[];
  /** Items of the parent that are left out because their contributor withdrew them. */
  readonly tombstones: readonly string[];
}

export function itemLeaf(item: ManifestItem): Buffer {
  return leafHash(Buffer.from(canonicalJson(item as unknown as Json)));
}

export function manifestRoot(items: readonly ManifestItem[]): string {
  return merkleRoot(items.map(itemLeaf)).toString('hex');
}

export function manifestBytes(manifest: Manifest): Buffer {
  return Buffer.from(canonicalJson(manifest as unknown as Json));
}

/** JSON Lines: one item a line, in the order of the root. */
export function jsonLines(manifest: Manifest): string {
  return manifest.items.map((item) => `${canonicalJson(item as unknown as Json)}\n`).join('');
}

export async function readManifest(
  content: { get(contentId: string): Promise<Buffer> },
  contentId: string,
): Promise<Manifest> {
  return JSON.parse((await content.get(contentId)).toString()) as Manifest;
}
