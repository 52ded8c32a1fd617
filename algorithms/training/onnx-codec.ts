// The part of ONNX's protobuf schema that our graphs need, by field number (onnx/onnx.proto, IR version 8).
// Written by hand so that no generated code and no schema file has to travel with the package.
import { Field, OneOf, Type } from 'protobufjs/light';

export const elementTypes = { float: 1, int64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

export interface OnnxTensor { readonly name: string; readonly dims: readonly number[]; readonly dataType: number; readonly rawData: Uint8Array }
export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}
export interface OnnxNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly OnnxAttribute[];
}
export interface OnnxDimension { readonly dimValue?: number; readonly dimParam?: string }
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly OnnxDimension[] } } };
}
export interface OnnxGraph {
  readonly name: string;
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValueInfo[];
  readonly output: readonly OnnxValueInfo[];
}
export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: OnnxGraph;
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

type Rule = 'repeated' | undefined;
type FieldRow = readonly [name: string, id: number, type: string, rule?: Rule];

function message(name: string, rows: readonly FieldRow[], nested: readonly Type[] = []): Type {
  const type = new Type(name);
  for (const [fieldName, id, fieldType, rule] of rows) type.add(new Field(fieldName, id, fieldType, rule));
  for (const inner of nested) type.add(inner);
  return type;
}

function modelType(): Type {
  const tensor = message('TensorProto', [
    ['dims', 1, 'int64', 'repeated'], ['dataType', 2, 'int32'], ['name', 8, 'string'], ['rawData', 9, 'bytes'],
  ]);
  const attribute = message('AttributeProto', [
    ['name', 1, 'string'], ['f', 2, 'float'], ['i', 3, 'int64'], ['s', 4, 'bytes'], ['ints', 8, 'int64', 'repeated'], ['type', 20, 'int32'],
  ]);
  const node = message('NodeProto', [
    ['input', 1, 'string', 'repeated'], ['output', 2, 'string', 'repeated'], ['name', 3, 'string'], ['opType', 4, 'string'],
    ['attribute', 5, 'AttributeProto', 'repeated'],
  ]);
  const dimension = message('Dimension', [['dimValue', 1, 'int64'], ['dimParam', 2, 'string']]);
  dimension.add(new OneOf('value', ['dimValue', 'dimParam']));
  const shape = message('TensorShapeProto', [['dim', 1, 'Dimension', 'repeated']], [dimension]);
  const tensorType = message('TensorType', [['elemType', 1, 'int32'], ['shape', 2, 'TensorShapeProto']]);
  const typeProto = message('TypeProto', [['tensorType', 1, 'TensorType']], [tensorType]);
  const valueInfo = message('ValueInfoProto', [['name', 1, 'string'], ['type', 2, 'TypeProto']]);
  const graph = message('GraphProto', [
    ['node', 1, 'NodeProto', 'repeated'], ['name', 2, 'string'], ['initializer', 5, 'TensorProto', 'repeated'],
    ['input', 11, 'ValueInfoProto', 'repeated'], ['output', 12, 'ValueInfoProto', 'repeated'],
  ]);
  const operatorSet = message('OperatorSetIdProto', [['domain', 1, 'string'], ['version', 2, 'int64']]);
  const entry = message('StringStringEntryProto', [['key', 1, 'string'], ['value', 2, 'string']]);
  return message('ModelProto', [
    ['irVersion', 1, 'int64'], ['producerName', 2, 'string'], ['graph', 7, 'GraphProto'],
    ['opsetImport', 8, 'OperatorSetIdProto', 'repeated'], ['metadataProps', 14, 'StringStringEntryProto', 'repeated'],
  ], [tensor, attribute, node, shape, typeProto, valueInfo, graph, operatorSet, entry]);
}

const model = modelType();

/** The bytes of an ONNX file; the same model always gives the same bytes. */
export function encodeOnnx(value: OnnxModel): Buffer {
  return Buffer.from(model.encode(model.fromObject(value)).finish());
}
