// The thread behind `recovery.ts`: 97 bytes in (digest, r, s, parity), 65 bytes out (the key, or zeros where there is none), many at a time.
// Plain JavaScript, because a worker has no compiler.
const { parentPort } = require('node:worker_threads');

const recover = native() ?? inJavaScript();

parentPort.on('message', ({ id, asked }) => {
  const count = asked.length / 97;
  const keys = new Uint8Array(count * 65);
  for (let at = 0; at < count; at += 1) {
    const [digest, signature] = [asked.subarray(at * 97, at * 97 + 32), asked.subarray(at * 97 + 32, at * 97 + 96)];
    try {
      keys.set(recover(digest, signature, asked[at * 97 + 96]), at * 65);
    } catch {
      // Zeros say that no key can have made it.
    }
  }
  parentPort.postMessage({ id, keys }, [keys.buffer]);
});

function native() {
  try {
    const { ecdsaRecover } = require('secp256k1/bindings.js');
    return (digest, signature, parity) => ecdsaRecover(signature, parity, digest, false);
  } catch {
    return null;
  }
}

function inJavaScript() {
  const { Signature, SigningKey, getBytes, hexlify } = require('ethers');
  return (digest, signature, parity) => getBytes(SigningKey.recoverPublicKey(digest, Signature.from({
    r: hexlify(signature.subarray(0, 32)), s: hexlify(signature.subarray(32)), yParity: parity,
  })));
}
