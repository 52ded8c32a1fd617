// Normalisation, embedding and attention of the reference network.
import { affine, inParts, shares, type ReferencePass, type Rows } from './reference-network';
import type { Tape, Value } from './tape';

/** `group` says which values a place is normalised by, `unit` which scale and bias it takes. */
export function referenceNorm({ tape, rows, parameter }: ReferencePass, unit: (place: number) => number, group: (row: number, place: number) => readonly Value[]): Rows {
  const known = new Map<string, { readonly mean: Value; readonly deviation: Value }>();
  return rows.map((row, index) => row.map((value, place) => {
    const members = group(index, place);
    const key = members.join();
    const { mean, deviation } = known.get(key) ?? momentsOf(tape, members);
    known.set(key, { mean, deviation });
    const normal = tape.quotient(tape.difference(value, mean), deviation);
    return tape.sum([tape.product(normal, parameter('scale')[unit(place)] ?? -1), parameter('bias')[unit(place)] ?? -1]);
  }));
}

function momentsOf(tape: Tape, members: readonly Value[]): { readonly mean: Value; readonly deviation: Value } {
  const mean = tape.sum(members, 1 / members.length);
  const centred = members.map((value) => tape.difference(value, mean));
  const variance = tape.sum(centred.map((value) => tape.product(value, value)), 1 / members.length);
  return { mean, deviation: tape.map(variance, (x) => Math.sqrt(x + 1e-5), (x) => 0.5 / Math.sqrt(x + 1e-5)) };
}

export function referenceEmbedding({ tape, rows, parameter }: ReferencePass, width: number): Rows {
  const tokens = inParts(parameter('token'), width);
  const places = inParts(parameter('place'), width);
  return rows.map((row) => row.flatMap((token, place) =>
    (tokens[tape.at(token)] ?? []).map((value, column) => tape.sum([value, places[place]?.[column] ?? -1]))));
}

export function referenceAttention({ tape, planned: { from }, rows, parameter }: ReferencePass, layer: { readonly heads: number; readonly residual: boolean }): Rows {
  const width = from[1] ?? 1;
  const size = width / layer.heads;
  return rows.map((row) => {
    const places = inParts(row, width);
    const [query, key, value] = ['query', 'key', 'value'].map((role) => places.map((place) => inParts(affine(tape, place, parameter(`${role}.weight`), parameter(`${role}.bias`)), size)));
    const mixed = places.map((_, place) => Array.from({ length: layer.heads }, (__, head) => {
      const own = query?.[place]?.[head] ?? [];
      const scores = places.map((___, other) => tape.sum([tape.dot(own, key?.[other]?.[head] ?? [])], 1 / Math.sqrt(size)));
      const looks = shares(tape, scores);
      return own.map((___, column) => tape.dot(looks, places.map((____, other) => value?.[other]?.[head]?.[column] ?? -1)));
    }).flat());
    return mixed.flatMap((place, index) => affine(tape, place, parameter('output.weight'), parameter('output.bias'))
      .map((own, column) => (layer.residual ? tape.sum([own, places[index]?.[column] ?? -1]) : own)));
  });
}
