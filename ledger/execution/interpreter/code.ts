// What the interpreter needs to know of a code before it runs it: where it may jump, and what its pushes push.

export interface Code {
  readonly bytes: Uint8Array;
  /** 1 at each JUMPDEST that is not inside a push. */
  readonly destinations: Uint8Array;
  /** By the place of a PUSH. */
  readonly pushes: ReadonlyMap<number, bigint>;
}

const [push1, push32, jumpDestination] = [0x60, 0x7f, 0x5b];
const none: Code = { bytes: new Uint8Array(0), destinations: new Uint8Array(0), pushes: new Map() };
const known = new WeakMap<Uint8Array, Code>();

/** Kept as long as the bytes are; a code that is called often is always the same array (`FlatState.codeOf`). */
export function codeFrom(bytes: Uint8Array): Code {
  if (bytes.length === 0) return none;
  const found = known.get(bytes) ?? read(bytes);
  known.set(bytes, found);
  return found;
}

function read(bytes: Uint8Array): Code {
  const destinations = new Uint8Array(bytes.length);
  const pushes = new Map<number, bigint>();
  for (let at = 0; at < bytes.length; at += 1) {
    const op = bytes[at] ?? 0;
    if (op === jumpDestination) destinations[at] = 1;
    if (op < push1 || op > push32) continue;
    const size = op - push1 + 1;
    // What lies behind the end of the code is zero.
    const digits = Buffer.from(bytes.subarray(at + 1, at + 1 + size)).toString('hex').padEnd(2 * size, '0');
    pushes.set(at, BigInt(`0x${digits}`));
    at += size;
  }
  return { bytes, destinations, pushes };
}
