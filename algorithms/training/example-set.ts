// Many labelled files as one content, so that a worker fetches a version in one request instead of one an image.
// Canonical JSON with base64: the same examples always have the same content id.
import { canonicalJson, Fault, type Json } from '@oort/kernel-wire';

export interface Example { readonly label: string; readonly mediaType: string; readonly bytes: Buffer }
export interface ExampleSet { readonly labels: readonly string[]; readonly examples: readonly Example[] }

export class ExampleSetCorrupt extends Fault {
  constructor(message: string) { super('EXAMPLE_SET_CORRUPT', message); }
}

const kind = 'oort-example-set/1';

export function encodeExampleSet({ labels, examples }: ExampleSet): Buffer {
  const items = examples.map(({ label, mediaType, bytes }) => ({ label, mediaType, data: bytes.toString('base64') }));
  return Buffer.from(canonicalJson({ kind, labels, items }));
}

/** Throws ExampleSetCorrupt when the bytes are not such a set or an example's label is not among its labels. */
export function decodeExampleSet(bytes: Uint8Array): ExampleSet {
  const record = parse(Buffer.from(bytes).toString('utf8'));
  const { labels, items } = record;
  if (record['kind'] !== kind || !isStrings(labels) || !Array.isArray(items)) {
    throw new ExampleSetCorrupt('the content is not an example set');
  }
  const known = new Set(labels);
  return { labels, examples: (items as readonly Json[]).map((item) => readExample(item, known)) };
}

function readExample(item: Json, known: ReadonlySet<string>): Example {
  const { label, mediaType, data } = (item ?? {}) as Readonly<Record<string, Json | undefined>>;
  if (typeof label !== 'string' || typeof mediaType !== 'string' || typeof data !== 'string') {
    throw new ExampleSetCorrupt('an example lacks its label, media type or data');
  }
  if (!known.has(label)) throw new ExampleSetCorrupt(`the label ${label} is not among the labels`);
  return { label, mediaType, bytes: Buffer.from(data, 'base64') };
}

function parse(text: string): Readonly<Record<string, Json | undefined>> {
  try {
    const parsed = JSON.parse(text) as Json;
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Readonly<Record<string, Json | undefined>>;
  } catch {
    // One fault for everything that is not an example set.
  }
  throw new ExampleSetCorrupt('the content is not JSON');
}

function isStrings(json: Json | undefined): json is readonly string[] {
  return Array.isArray(json) && json.every((entry) => typeof entry === 'string');
}
