// Images in, answers out; or tensors by name, as JSON, for a model of other inputs. What was asked is moved to `inbox/done/` only after its answer and its usage are on disk; a crash in between
// answers it again under the same id, so it is still used once.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { imageTensor, ImageUnreadable, indexOfLargest } from '@oort/algorithms-training';
import { canonicalJson, deriveId, Fault, messageOf, sha256Hex } from '@oort/kernel-wire';
import { inputShape } from '@oort/node-agents-agent/evaluation';
import { ModelRefused, type NamedTensor } from '@oort/node-agents-model';
import type { DeploymentShelf, InstalledModel } from './deployment-shelf';
import type { UsageBuffer, UsedPrediction } from './usage-buffer';
import { writeWhole } from './write-whole';

interface InboxOptions { readonly directory: string; readonly shelf: DeploymentShelf; readonly usage: UsageBuffer; now(): Date; warn(text: string): void }

const mediaTypes: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg' };

export class Inbox {
  private readonly folder: string;
  private readonly answers: string;

  constructor(private readonly options: InboxOptions) {
    this.folder = join(options.directory, 'inbox');
    this.answers = join(options.directory, 'outbox');
    mkdirSync(join(this.folder, 'done'), { recursive: true });
    mkdirSync(this.answers, { recursive: true });
  }

  /** Resolves with how many files were answered. They wait while no deployment is installed. */
  async answerAll(): Promise<number> {
    const names = readdirSync(this.folder).filter((name) => extensionOf(name) in mediaTypes || extensionOf(name) === 'json').sort();
    if (names.length === 0) return 0;
    const model = await this.options.shelf.newest();
    if (model === null) return 0;
    let answered = 0;
    for (const name of names) {
      try {
        await (extensionOf(name) === 'json' ? this.answerFeeds(name, model) : this.answer(name, model));
        answered += 1;
      } catch (error) {
        if (!(error instanceof ImageUnreadable || error instanceof ModelRefused)) throw error;
        this.options.warn(`${name}: ${error.message}`);
        writeWhole(join(this.answers, `${name}.json`), JSON.stringify({ error: { code: error.code, message: error.message } }));
      }
      renameSync(join(this.folder, name), this.doneAs(name));
    }
    return answered;
  }

  private async answer(name: string, { bundle, model: { session } }: InstalledModel): Promise<void> {
    const path = join(this.folder, name);
    if (!session.inputNames.includes('image')) throw new ModelRefused('the model takes no image; write what it takes as JSON');
    const shape = inputShape(session);
    const input = imageTensor(readFileSync(path), mediaTypes[extensionOf(name)] ?? '', shape);
    const results = await session.run({ image: new Tensor('float32', input, [1, ...shape]) });
    const logits = floatsOf(results['logits']);
    const probabilities = floatsOf(results['probabilities']);
    const label = bundle.labels[indexOfLargest(logits)] ?? '';
    const inputHash = sha256Hex(canonicalJson([[...input]]));
    const prediction = this.used(name, bundle, { label, inputHash, outputHash: sha256Hex(canonicalJson([[...logits]])) });
    const scores = Object.fromEntries(bundle.labels.map((each, index) => [each, probabilities[index] ?? 0]));
    writeWhole(join(this.answers, `${name}.json`), JSON.stringify({ file: name, ...prediction, probabilities: scores }));
  }

  /** The file is [{name, type, dims, values}], and so is `outputs` of the answer. */
  private async answerFeeds(name: string, { bundle, model }: InstalledModel): Promise<void> {
    const feeds = readFeeds(readFileSync(join(this.folder, name), 'utf8'));
    const outputs = (await model.run(feeds).catch(refused)).map(({ values, dims, ...rest }) => ({ ...rest, dims: [...dims], values: Array.from(values) }));
    const [first] = outputs;
    const label = first !== undefined && first.values.length === bundle.labels.length ? bundle.labels[indexOfLargest(first.values)] ?? '' : '';
    const inputHash = sha256Hex(canonicalJson(feeds.map(({ values, dims, ...rest }) => ({ ...rest, dims: [...dims], values: Array.from(values) }))));
    const prediction = this.used(name, bundle, { label, inputHash, outputHash: sha256Hex(canonicalJson(outputs)) });
    writeWhole(join(this.answers, `${name}.json`), JSON.stringify({ file: name, ...prediction, outputs }));
  }

  /** On disk before the answer is. */
  private used(name: string, { deploymentId, versionId }: InstalledModel['bundle'], found: Pick<UsedPrediction, 'label' | 'inputHash' | 'outputHash'>): UsedPrediction {
    const changedMs = String(statSync(join(this.folder, name)).mtimeMs);
    const prediction: UsedPrediction = {
      predictionId: deriveId('prediction', `${deploymentId}/${name}/${found.inputHash}/${changedMs}`), deploymentId, versionId, ...found, predictedAt: this.options.now().toISOString(),
    };
    this.options.usage.add(prediction);
    return prediction;
  }

  /** A name that was used before gets a number. */
  private doneAs(name: string): string {
    let path = join(this.folder, 'done', name);
    for (let count = 1; existsSync(path); count += 1) path = join(this.folder, 'done', `${String(count)}-${name}`);
    return path;
  }
}

/** Whatever the runtime has against the tensors is said of them, once. */
function refused(error: unknown): never {
  throw error instanceof ModelRefused ? error : new ModelRefused(messageOf(error));
}

/** Throws ModelRefused for what is no list of tensors. */
function readFeeds(text: string): readonly NamedTensor[] {
  try {
    const feeds: unknown = JSON.parse(text);
    if (Array.isArray(feeds) && feeds.every(isTensor)) return feeds;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ModelRefused('the file is not a JSON list of {name, type, dims, values}');
}

function isTensor(value: unknown): value is NamedTensor {
  const { name, type, dims, values } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const numbers = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === 'number');
  return typeof name === 'string' && typeof type === 'string' && numbers(dims) && numbers(values);
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new Fault('NOT_FLOATS', 'the model has no outputs `logits` and `probabilities`');
}
