// Whether a schema can still read what an earlier one wrote, and be read by it (protobuf.dev, "Updating A Message Type"): a number
// keeps its type and meaning for ever, and one that is given up is reserved.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Enum, MapField, Namespace, parse, Type, type ReflectionObject } from 'protobufjs';

export interface FieldShape { readonly name: string; readonly type: string; readonly repeated: boolean }

/** By number. What is reserved is kept as ranges of numbers and as names. */
export interface MessageShape {
  readonly fields: { readonly [number: string]: FieldShape };
  readonly reserved: readonly (readonly [number, number] | string)[];
}

export interface Shapes {
  readonly messages: { readonly [name: string]: MessageShape };
  readonly enums: { readonly [name: string]: { readonly [number: string]: string } };
}

export const schemaFiles: readonly string[] = [
  join(__dirname, '..', '..', 'kernel', 'telemetry', 'envelope.proto'), join(__dirname, 'readings.proto'),
];

/** Of all files together. */
export function shapesOf(sources: readonly string[]): Shapes {
  const messages: Record<string, MessageShape> = {};
  const enums: Record<string, { [number: string]: string }> = {};
  const visit = (object: ReflectionObject): void => {
    const name = object.fullName.replace(/^\./, '');
    if (object instanceof Type) messages[name] = shapeOf(object);
    if (object instanceof Enum) enums[name] = Object.fromEntries(Object.entries(object.values).map(([value, number]) => [String(number), value]));
    if (object instanceof Namespace) object.nestedArray.forEach(visit);
  };
  for (const source of sources) visit(parse(source, { keepCase: true }).root.resolveAll());
  return { messages, enums };
}

export function currentShapes(): Shapes {
  return shapesOf(schemaFiles.map((file) => readFileSync(file, 'utf8')));
}

/** What of the released schema the present one breaks, in words; empty when nothing. */
export function breaks(released: Shapes, present: Shapes): readonly string[] {
  return [
    ...Object.entries(released.messages).flatMap(([name, shape]) => messageBreaks(name, shape, present.messages[name])),
    ...Object.entries(released.enums).flatMap(([name, values]) => Object.entries(values).flatMap(([number, value]) => {
      const now = present.enums[name]?.[number];
      return now === value ? [] : [`${name}: ${number} was ${value} and is ${now ?? 'gone'}`];
    })),
  ];
}

function messageBreaks(name: string, before: MessageShape, now: MessageShape | undefined): readonly string[] {
  if (now === undefined) return [`${name} is gone`];
  const fields = Object.entries(before.fields).flatMap(([number, field]) => {
    const present = now.fields[number];
    if (present === undefined) return isReserved(now, Number(number), field.name) ? [] : [`${name}: ${number} (${field.name}) is gone and neither its number nor its name may be free: reserve both`];
    return textOf(present) === textOf(field) ? [] : [`${name}: ${number} was ${textOf(field)} and is ${textOf(present)}`];
  });
  const freed = before.reserved.filter((one) => !now.reserved.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  return [...fields, ...freed.map((one) => `${name}: ${JSON.stringify(one)} was reserved and is free`)];
}

function shapeOf(type: Type): MessageShape {
  const fields = type.fieldsArray.map((field) => [String(field.id), {
    name: field.name, type: field instanceof MapField ? `map<${field.keyType}, ${field.type}>` : field.type, repeated: field.repeated,
  }] as const);
  return { fields: Object.fromEntries(fields), reserved: (type.reserved as readonly (number[] | string)[] | undefined ?? []).map((one) => (typeof one === 'string' ? one : [one[0] ?? 0, one[1] ?? 0])) };
}

function isReserved({ reserved }: MessageShape, number: number, name: string): boolean {
  return reserved.includes(name) && reserved.some((one) => typeof one !== 'string' && number >= one[0] && number <= one[1]);
}

function textOf({ name, type, repeated }: FieldShape): string {
  return `${repeated ? 'repeated ' : ''}${type} ${name}`;
}
