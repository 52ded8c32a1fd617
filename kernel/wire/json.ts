/** What an event, a canonical hash or a signed envelope may hold: no undefined, no bigint (amounts travel as decimal strings). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
