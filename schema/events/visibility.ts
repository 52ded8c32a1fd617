/** Who may read an event's data. What is not public is ciphertext in the log, and in every door that a stranger can open.
 *  `sealed` data is opened by nobody outside the domain that wrote it; what may be known later comes in a later public event. */
export type Visibility = 'public' | 'tenant' | 'sealed';

export type Visibilities<E extends { readonly type: string }> = Readonly<Record<E['type'], Visibility>>;
