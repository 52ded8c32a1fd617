// Jest runs tests in a context with typed arrays of its own; ONNX Runtime's native side makes them in the outer one
// and then refuses its own tensors ("data must be type of function Float32Array"). So tests share the outer ones.
const { TestEnvironment } = require('jest-environment-node');

class SharedTypedArrays extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.Float32Array = Float32Array;
    this.global.BigInt64Array = BigInt64Array;
  }
}

module.exports = SharedTypedArrays;
