// Builds an ONNX graph node by node. Values are names; every node makes a fresh one, so the order of calls is a valid order of execution.
import { elementTypes, encodeOnnx, type ElementType, type OnnxAttribute, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from './onnx-codec';

const attributeTypes = { float: 1, int: 2, text: 3, ints: 7 } as const;
/** Opset 16 is where ScatterND adds; from 18 on ReduceMean takes its axes as an input. */
const opset = 16;
const irVersion = 8;

/** A number is an int64 attribute; a float attribute says so, and so does a text. */
export type AttributeValue = number | readonly number[] | { readonly float: number } | { readonly text: string };
export type Dimension = number | string;

export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: OnnxTensor[] = [];
  private readonly inputs: OnnxValueInfo[] = [];
  private readonly outputs: OnnxValueInfo[] = [];
  private count = 0;

  constructor(private readonly name: string) {}

  input(name: string, shape: readonly Dimension[], type: ElementType = 'float'): string {
    this.inputs.push(valueInfo(name, shape, type));
    return name;
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    this.initializers.push({ name, dims, dataType: elementTypes.float, rawData: littleEndianFloats(values) });
    return name;
  }

  scalar(value: number): string {
    return this.floats(this.fresh('scalar'), [], Float32Array.of(value));
  }

  integers(values: readonly number[]): string {
    const name = this.fresh('integers');
    const raw = Buffer.alloc(values.length * 8);
    values.forEach((value, index) => raw.writeBigInt64LE(BigInt(value), index * 8));
    this.initializers.push({ name, dims: [values.length], dataType: elementTypes.int64, rawData: raw });
    return name;
  }

  op(opType: string, input: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const [only = ''] = this.opWithOutputs(opType, input, 1, attributes);
    return only;
  }

  opWithOutputs(opType: string, input: readonly string[], outputs: number, attributes: Readonly<Record<string, AttributeValue>> = {}): string[] {
    const output = Array.from({ length: outputs }, () => this.fresh(opType));
    this.nodes.push({ opType, input, output, name: output[0] ?? opType, attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)) });
    return output;
  }

  /** Publishes a value under a name of its own. */
  output(name: string, value: string, shape: readonly Dimension[], type: ElementType = 'float'): void {
    this.nodes.push({ opType: 'Identity', input: [value], output: [name], name: `Identity:${name}`, attribute: [] });
    this.outputs.push(valueInfo(name, shape, type));
  }

  encode(metadata: Readonly<Record<string, string>> = {}): Buffer {
    return encodeOnnx({
      irVersion, producerName: 'oort', opsetImport: [{ domain: '', version: opset }],
      graph: { name: this.name, node: this.nodes, initializer: this.initializers, input: this.inputs, output: this.outputs },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
  }

  private fresh(prefix: string): string {
    this.count += 1;
    return `${prefix}_${String(this.count)}`;
  }
}

function attribute(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if ('text' in value) return { name, type: attributeTypes.text, s: Buffer.from(value.text) };
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: value };
}

function valueInfo(name: string, shape: readonly Dimension[], type: ElementType): OnnxValueInfo {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}

/** ONNX's raw data is little endian on every machine. */
function littleEndianFloats(values: Float32Array): Buffer {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => raw.writeFloatLE(value, index * 4));
  return raw;
}
