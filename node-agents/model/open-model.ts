// A model that is loaded once and asked often: rows through its first input, in batches where its file allows any size of them, or
// every input by name.
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { requireSelfContained } from '@oort/algorithms-training/self-contained';
import { Fault } from '@oort/kernel-wire/fault';
import { Batcher } from './batcher';
import { deterministic, type OnnxRuntime } from './runtime';

export class ModelRefused extends Fault {
  constructor(message: string) { super('MODEL_REFUSED', message); }
}

const elementTypes = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'] as const;
type ElementType = (typeof elementTypes)[number];

/** As it travels: numbers, also where the element type is a 64-bit integer or a truth value. */
export interface NamedTensor { readonly name: string; readonly type: string; readonly dims: readonly number[]; readonly values: ArrayLike<number> }

export interface OpenModelOptions {
  /** Rows of one batch; 32 unless told. */
  readonly mostRows?: number;
  readonly session?: InferenceSession.SessionOptions;
}

const defaultRows = 32;

export class OpenModel {
  /** Of one row of the first input, without the batch; null where the file leaves a size open. */
  readonly inputShape: readonly number[] | null;
  /** How many rows of different callers share a run; one where the file fixes its batch. */
  readonly mostRows: number;
  private readonly batcher: Batcher;
  private readonly input: string;
  private readonly output: string;

  private constructor(private readonly runtime: OnnxRuntime, readonly session: InferenceSession, options: OpenModelOptions) {
    const [input, output] = [session.inputNames[0], session.outputNames[0]];
    if (input === undefined || output === undefined) throw new ModelRefused('the model has no input or no output');
    this.input = input;
    this.output = output;
    const [described] = session.inputMetadata;
    const [batch, ...rest] = described?.isTensor === true ? described.shape : [];
    const sizes = rest.map(Number);
    this.inputShape = sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size > 0) ? sizes : null;
    // A batch that the file names by a number is that large; one that it names by a word is of any size.
    this.mostRows = typeof batch === 'number' && batch > 0 ? 1 : options.mostRows ?? defaultRows;
    this.batcher = new Batcher({ most: this.mostRows, run: (rows) => this.runRows(rows) });
  }

  /** Throws ModelFileRefused for bytes that are no model, or not all of one, and what the runtime throws for the rest. */
  static async open(runtime: OnnxRuntime, model: Uint8Array, options: OpenModelOptions = {}): Promise<OpenModel> {
    requireSelfContained(model);
    return new OpenModel(runtime, await runtime.InferenceSession.create(model, options.session ?? deterministic), options);
  }

  /** The row's first output. It shares its memory with the answers of its batch. */
  infer(row: Float32Array): Promise<Float32Array> {
    return this.batcher.answer(row);
  }

  /** All rows now, in one run where the file allows it. */
  async inferRows(rows: readonly ArrayLike<number>[]): Promise<readonly Float32Array[]> {
    if (this.mostRows > 1) return this.runRows(rows);
    const answers: Float32Array[] = [];
    for (const row of rows) answers.push(...await this.runRows([row]));
    return answers;
  }

  /** Every output, by name. Throws ModelRefused for an input that the model does not have or whose values do not fill it. */
  async run(feeds: readonly NamedTensor[]): Promise<readonly NamedTensor[]> {
    const stranger = feeds.find(({ name }) => !this.session.inputNames.includes(name));
    if (stranger !== undefined) throw new ModelRefused(`the model has no input ${stranger.name}`);
    const results = await this.session.run(Object.fromEntries(feeds.map((feed) => [feed.name, this.tensorOf(feed)])));
    return Object.entries(results).map(([name, { type, dims, data }]) => {
      if (!ArrayBuffer.isView(data)) throw new ModelRefused(`the output ${name} is not of numbers`);
      return { name, type, dims, values: numbersOf(data as ArrayLike<number> | BigInt64Array) };
    });
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private async runRows(rows: readonly ArrayLike<number>[]): Promise<readonly Float32Array[]> {
    const width = rows[0]?.length ?? 0;
    const values = new Float32Array(rows.length * width);
    rows.forEach((row, index) => {
      if (row.length !== width) throw new ModelRefused('the rows are of different lengths');
      fill(values, index * width, row);
    });
    const results = await this.session.run({ [this.input]: new this.runtime.Tensor('float32', values, this.shapeFor(rows.length, width)) }, [this.output]);
    const data = results[this.output]?.data;
    if (!(data instanceof Float32Array)) throw new ModelRefused('the model does not answer in float32');
    const each = data.length / rows.length;
    return rows.map((_, index) => data.subarray(index * each, (index + 1) * each));
  }

  /** The graph's own shape with the batch in front; a flat one when it names none. */
  private shapeFor(rows: number, width: number): readonly number[] {
    const { inputShape: shape } = this;
    return shape !== null && shape.reduce((product, size) => product * size, 1) === width ? [rows, ...shape] : [rows, width];
  }

  private tensorOf({ name, type, dims, values }: NamedTensor): Tensor {
    const { Tensor: made } = this.runtime;
    const known = elementTypes.find((each) => each === type);
    if (known === undefined) throw new ModelRefused(`the input ${name} must be of ${elementTypes.join(', ')}`);
    if (dims.reduce((product, size) => product * size, 1) !== values.length) throw new ModelRefused(`the values of ${name} do not fill its dimensions`);
    return tensorOver(made, known, values, dims);
  }
}

/** A loop, because from a plain list `set` and `from` take many times as long. Cost: about 1 ns a value. */
function fill(into: Float32Array, first: number, values: ArrayLike<number>): void {
  if (values instanceof Float32Array) into.set(values, first);
  else for (let index = 0; index < values.length; index += 1) into[first + index] = values[index] ?? 0;
}

/** Without a copy, but for 64-bit integers. */
function numbersOf(data: ArrayLike<number> | BigInt64Array): ArrayLike<number> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? Float64Array.from(data, Number) : data;
}

function tensorOver(made: OnnxRuntime['Tensor'], type: ElementType, values: ArrayLike<number>, dims: readonly number[]): Tensor {
  switch (type) {
    case 'float32': {
      const floats = new Float32Array(values.length);
      fill(floats, 0, values);
      return new made('float32', floats, dims);
    }
    case 'float64': return new made('float64', Float64Array.from(values), dims);
    case 'int32': return new made('int32', Int32Array.from(values), dims);
    case 'int64': return new made('int64', BigInt64Array.from(Array.from(values, BigInt)), dims);
    case 'uint8': return new made('uint8', Uint8Array.from(values), dims);
    case 'bool': return new made('bool', Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)), dims);
  }
}
