// What a model takes and answers. Of one that is trained here its design says it; of one that was brought from elsewhere its importer,
// as far as it can be said in a list of sizes and a list of labels: its file says the rest.
import { readArchitecture } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';

export interface Face {
  /** Of one input without the batch; null where only the file tells. */
  readonly input: readonly number[] | null;
  readonly labels: readonly string[];
}

interface Imported extends Face { readonly imported: true }

const most = { sizes: 8, labels: 100_000, labelLength: 200 };

/** In place of a design, which nobody here knows: such a model is not trained on. */
export function importedDesign({ input, labels }: Face): Json {
  return { imported: true, input: input === null ? null : [...input], labels: [...labels] };
}

/** Of a model's design as it is kept. Throws ArchitectureRefused for what was neither checked nor imported. */
export function faceOf(design: Json): Face {
  if (isImported(design)) return { input: design.input, labels: design.labels };
  return readArchitecture(design);
}

/** In words, what is wrong with it; null when nothing is. */
export function problemOfFace({ input, labels }: Face): string | null {
  if (input !== null && (input.length === 0 || input.length > most.sizes || !input.every((size) => Number.isInteger(size) && size > 0))) return 'The input is a list of at most 8 sizes above 0, or nothing.';
  const fits = labels.length <= most.labels && labels.every((label) => label.length > 0 && label.length <= most.labelLength);
  return fits ? null : 'Labels are at most 100,000 texts of 1 to 200 characters.';
}

function isImported(design: unknown): design is Imported {
  return typeof design === 'object' && design !== null && 'imported' in design;
}
