import type { SealedUntil } from '@oort/kernel-eventstore';

/** Who may read an event's data. What is not public is ciphertext in the log, and in every door that a stranger can open.
 *  `sealed` data is opened by nobody outside the domain that wrote it, until the event that `Reveals` names for it, if one is. */
export type Visibility = 'public' | 'tenant' | 'sealed';

export type Visibilities<E extends { readonly type: string }> = Readonly<Record<E['type'], Visibility>>;

/** Fields about a person, and the field that says who it is: ciphertext under a key of that person, whoever may read the event. */
export type PersonalFields<E extends { readonly type: string; readonly data: unknown }> = {
  readonly [Type in E['type']]?: { readonly of: FieldOf<E, Type>; readonly fields: readonly FieldOf<E, Type>[] };
};

/** Sealed events that a later event lets everybody read: the one whose field `matching` says the same. */
export type Reveals<E extends { readonly type: string; readonly data: unknown }> = {
  readonly [Type in E['type']]?: SealedUntil[string] & { readonly matching: FieldOf<E, Type> };
};

type FieldOf<E, Type> = E extends { readonly type: Type; readonly data: infer Data } ? keyof Data & string : never;
