// `oort model import`: a model that was trained elsewhere becomes a version of the catalogue.
import { readFileSync } from 'node:fs';
import { contentIdOf } from '@oort/kernel-content';
import { Fault, type Json } from '@oort/kernel-wire';
import { queryPlatform } from './query-platform';
import { readOptions, required, UsageRefused } from './usage';

export class ImportRefused extends Fault {
  constructor(code: string, message: string) { super(code, message); }
}

export interface ModelImport {
  readonly file: Buffer;
  readonly name: string;
  readonly licence: string;
  readonly card: Json;
  readonly labels: readonly string[];
  readonly input: readonly number[] | null;
  readonly openToAll: boolean;
  /** Addresses of the doors, without a path. */
  readonly platform: string;
  readonly ingest: string;
  /** Of a session. */
  readonly token: string;
}

interface Answer {
  readonly importVersion: { readonly id?: string; readonly modelId?: string; readonly modelRoot?: string; readonly code?: string; readonly message?: string };
}

export interface ImportedVersion { readonly versionId: string; readonly modelId: string; readonly modelContentId: string; readonly modelRoot: string }

const mutation = `mutation Import($input: ImportVersionInput!) { importVersion(input: $input) {
  ... on ModelVersion { id modelId modelRoot } ... on Refusal { code message } } }`;

export async function importCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, {
    platform: { type: 'string', default: 'http://127.0.0.1:4000' }, ingest: { type: 'string', default: 'http://127.0.0.1:4100' }, token: { type: 'string' },
    name: { type: 'string' }, licence: { type: 'string' }, card: { type: 'string' }, labels: { type: 'string' }, input: { type: 'string' }, open: { type: 'boolean', default: false },
  });
  const { platform, ingest } = values;
  const imported = await importModel({
    file: readFileSync(required(positionals[0], 'the ONNX file')), name: required(values.name, '--name'), licence: required(values.licence, '--licence'),
    token: required(values.token, '--token'), platform, ingest, openToAll: values.open,
    card: values.card === undefined ? {} : readJson(values.card), labels: values.labels === undefined ? [] : linesOf(values.labels),
    input: values.input === undefined ? null : values.input.split(',').map(Number),
  });
  process.stdout.write(`${imported.versionId}\nmodel ${imported.modelId}, root ${imported.modelRoot}\n`);
}

/** The file is handed in first; the same one again is the same version. Throws ImportRefused, PlatformRefused. */
export async function importModel({ file, platform, ingest, token, ...said }: ModelImport): Promise<ImportedVersion> {
  const modelContentId = contentIdOf(file);
  const authorization = `Bearer ${token}`;
  const handed = await fetch(`${ingest}/content/${modelContentId}`, { method: 'PUT', body: new Uint8Array(file), headers: { authorization, 'content-type': 'application/octet-stream' } });
  if (!handed.ok) throw new ImportRefused('FILE_REFUSED', `the file was answered with ${String(handed.status)}: ${(await handed.text()).slice(0, 200)}`);
  const { importVersion } = await queryPlatform<Answer>(platform, mutation, { input: { ...said, modelContentId } }, token);
  const { id: versionId, modelId, modelRoot, code = 'IMPORT_FAILED', message } = importVersion;
  if (versionId === undefined || modelId === undefined || modelRoot === undefined) throw new ImportRefused(code, message ?? 'the platform did not say why');
  return { versionId, modelId, modelContentId, modelRoot };
}

function readJson(file: string): Json {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageRefused(`${file} is no JSON`);
    throw error;
  }
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
}
