// What a job may say, by kind. Everything an executor relies on is checked here, before anything is reserved.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import { readEvaluationSpec, readTrainingSpec } from '@oort/algorithms-training';
import { canonicalJson, Fault, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { jobSpecSchema, termsOf } from '@oort/schema/job-spec';

type Members = Readonly<Record<string, Json | undefined>>;

const maximumRows = 256;
/** Of a container without a limit of its own; a unit is a minute. */
export const defaultTimeLimitS = 3600;
const maximumSpecBytes = 1024 * 1024;
const contentId = /^b[a-z2-7]{58}$/;

/** In words, what is wrong with it; null when nothing is. */
export function problemOf(kind: JobKind, spec: Json): string | null {
  if (spec === null || typeof spec !== 'object' || Array.isArray(spec)) return 'the spec must be an object';
  const members = spec as Members;
  if (members['version'] !== undefined && members['version'] !== 1) return 'the only version of a spec is 1';
  if (canonicalJson(spec).length > maximumSpecBytes) return 'the spec is larger than 1 MiB; put its input into content';
  const terms = against('terms', spec);
  if (terms !== null) return terms;
  switch (kind) {
    case 'preprocess':
      if (members['program'] !== undefined) return against('preprocess', spec);
      if (!isContentId(members['contentId'])) return 'contentId must be a content id';
      return typeof members['mediaType'] === 'string' ? against('preprocess', spec) : 'mediaType must be a string';
    case 'inference': return problemOfInference(members);
    case 'training': return refusedBy(() => readTrainingSpec(spec));
    case 'evaluation': return refusedBy(() => readEvaluationSpec(spec));
    case 'container': return against('container', spec);
  }
}

const compiled = new Map<string, ValidateFunction>();

/** What the published schema has against it, in words. */
function against(definition: string, spec: Json): string | null {
  let validate = compiled.get(definition);
  if (validate === undefined) {
    const schema = jobSpecSchema();
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(schema);
    validate = ajv.compile({ $ref: `${schema.$id}#/$defs/${definition}` });
    compiled.set(definition, validate);
  }
  if (validate(spec)) return null;
  const [first] = validate.errors ?? [];
  return first === undefined ? 'it does not fit the schema' : `${first.instancePath.slice(1).replaceAll('/', '.') || 'it'} ${first.message ?? 'does not fit'}`;
}

/** The most work units that the spec can be worth; what a node claims beyond it is not believed. */
export function unitBound(kind: JobKind, spec: Json): number {
  const members = spec as Members;
  switch (kind) {
    case 'preprocess': return 1;
    case 'inference': {
      const { input, inputContentIds } = members;
      return Array.isArray(input) ? input.length : Array.isArray(inputContentIds) ? inputContentIds.length : 1;
    }
    case 'training': {
      const { hyperParameters: { localSteps, batchSize } } = readTrainingSpec(spec);
      return Math.max(1, Math.round((localSteps * batchSize) / 100));
    }
    case 'evaluation': return 10 * readEvaluationSpec(spec).exampleSetContentIds.length;
    case 'container': return Math.ceil((termsOf(kind, spec).resources.timeLimitS ?? defaultTimeLimitS) / 60);
  }
}

function problemOfInference({ modelContentId, input, inputContentId, inputContentIds, feeds, feedsContentId }: Members): string | null {
  if (!isContentId(modelContentId)) return 'modelContentId must be a content id';
  if ([input, inputContentId, inputContentIds, feeds, feedsContentId].filter((given) => given !== undefined).length !== 1) {
    return 'give exactly one of input, inputContentId, inputContentIds, feeds, feedsContentId';
  }
  if (feeds !== undefined) return problemOfFeeds(feeds);
  if (feedsContentId !== undefined) return isContentId(feedsContentId) ? null : 'feedsContentId must be a content id';
  if (inputContentId !== undefined) return isContentId(inputContentId) ? null : 'inputContentId must be a content id';
  const rows = input ?? inputContentIds;
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > maximumRows) return `the input must have 1 to ${maximumRows} rows`;
  if (input === undefined) return rows.every(isContentId) ? null : 'inputContentIds must be content ids';
  const [first] = rows;
  const length = Array.isArray(first) ? first.length : 0;
  const even = rows.every((row: unknown) => Array.isArray(row) && row.length === length && row.every((cell) => Number.isFinite(cell)));
  return even && length > 0 ? null : 'input must be rows of numbers, all of one length';
}

/** Inputs by name: a tensor says its type, its dimensions, and a number for each of its places. */
function problemOfFeeds(feeds: Json): string | null {
  if (!Array.isArray(feeds) || feeds.length === 0 || feeds.length > 64) return 'feeds must name 1 to 64 inputs';
  for (const feed of feeds as readonly Json[]) {
    const { name, type, dims, values } = (feed ?? {}) as Members;
    if (typeof name !== 'string' || typeof type !== 'string' || !Array.isArray(dims) || !Array.isArray(values)) return 'a feed has a name, a type, dims and values';
    const size = (dims as readonly Json[]).reduce<number>((product, each) => (Number.isInteger(each) ? product * Number(each) : NaN), 1);
    if (size !== values.length || !values.every((cell) => Number.isFinite(cell))) return `the values of ${name} must fill its dims with numbers`;
  }
  return null;
}

function refusedBy(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function isContentId(value: unknown): boolean {
  return typeof value === 'string' && contentId.test(value);
}
