// Images in, answers out. An image is moved to `inbox/done/` only after its answer and its usage are on disk; a crash in between
// answers it again under the same id, so it is still used once.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { imageTensor, ImageUnreadable, indexOfLargest } from '@oort/algorithms-training';
import { canonicalJson, deriveId, Fault, sha256Hex } from '@oort/kernel-wire';
import { inputShape } from '@oort/node-agents-agent/evaluation';
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

  /** Resolves with how many images were answered. Images wait while no deployment is installed. */
  async answerAll(): Promise<number> {
    const names = readdirSync(this.folder).filter((name) => extensionOf(name) in mediaTypes).sort();
    if (names.length === 0) return 0;
    const model = await this.options.shelf.newest();
    if (model === null) return 0;
    let answered = 0;
    for (const name of names) {
      try {
        await this.answer(name, model);
        answered += 1;
      } catch (error) {
        if (!(error instanceof ImageUnreadable)) throw error;
        this.options.warn(`${name}: ${error.message}`);
        writeWhole(join(this.answers, `${name}.json`), JSON.stringify({ error: { code: error.code, message: error.message } }));
      }
      renameSync(join(this.folder, name), this.doneAs(name));
    }
    return answered;
  }

  private async answer(name: string, { bundle, session }: InstalledModel): Promise<void> {
    const path = join(this.folder, name);
    const shape = inputShape(session);
    const input = imageTensor(readFileSync(path), mediaTypes[extensionOf(name)] ?? '', shape);
    const results = await session.run({ image: new Tensor('float32', input, [1, ...shape]) });
    const logits = floatsOf(results['logits']);
    const probabilities = floatsOf(results['probabilities']);
    const label = bundle.labels[indexOfLargest(logits)] ?? '';
    const inputHash = sha256Hex(canonicalJson([[...input]]));
    const prediction: UsedPrediction = {
      predictionId: deriveId('prediction', `${bundle.deploymentId}/${name}/${inputHash}/${String(statSync(path).mtimeMs)}`),
      deploymentId: bundle.deploymentId, versionId: bundle.versionId, label, inputHash, outputHash: sha256Hex(canonicalJson([[...logits]])),
      predictedAt: this.options.now().toISOString(),
    };
    this.options.usage.add(prediction);
    const scores = Object.fromEntries(bundle.labels.map((each, index) => [each, probabilities[index] ?? 0]));
    writeWhole(join(this.answers, `${name}.json`), JSON.stringify({ file: name, ...prediction, probabilities: scores }));
  }

  /** A name that was used before gets a number. */
  private doneAs(name: string): string {
    let path = join(this.folder, 'done', name);
    for (let count = 1; existsSync(path); count += 1) path = join(this.folder, 'done', `${String(count)}-${name}`);
    return path;
  }
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new Fault('NOT_FLOATS', 'the model has no outputs `logits` and `probabilities`');
}
