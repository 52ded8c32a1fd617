// The library looks for the jump destinations of a contract anew in every call, which for a long one takes longer than the call. Here they
// are kept as long as the code is. It offers no way to say so, so its interpreter is asked for by its file; where that has changed, nothing is kept.
import { dirname, join } from 'node:path';

interface Interpreter {
  _evm: object;
  _getValidJumpDestinations(code: Uint8Array): unknown;
}

/** For every machine of this process. */
export function keepJumpAnalysis(): void {
  const prototype = interpreterPrototype();
  if (typeof prototype?._getValidJumpDestinations !== 'function' || kept.has(prototype)) return;
  kept.add(prototype);
  const analyse = prototype._getValidJumpDestinations;
  // By machine too: what an instruction is depends on its fork.
  const known = new WeakMap<object, WeakMap<Uint8Array, unknown>>();
  prototype._getValidJumpDestinations = function destinations(this: Interpreter, code: Uint8Array): unknown {
    const ofMachine = known.get(this._evm) ?? new WeakMap<Uint8Array, unknown>();
    known.set(this._evm, ofMachine);
    const found = ofMachine.get(code) ?? analyse.call(this, code);
    ofMachine.set(code, found);
    return found;
  };
}

const kept = new WeakSet<object>();

function interpreterPrototype(): Interpreter | undefined {
  try {
    const { Interpreter } = require(join(dirname(require.resolve('@ethereumjs/evm')), 'interpreter.js')) as { readonly Interpreter: { readonly prototype: Interpreter } };
    return Interpreter.prototype;
  } catch {
    return undefined;
  }
}
