/** What a request says of a condition key, whose name is in lower case; null when it says nothing. */
export type Context = (key: string) => readonly string[] | null;
