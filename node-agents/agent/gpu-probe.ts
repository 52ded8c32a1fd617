// Opens a small graph on CUDA and nothing else; ends with another code than 0 where that does not work.
import { InferenceSession } from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';

const architecture = readArchitecture({ input: [1, 4, 4], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });

InferenceSession.create(inferenceModel(architecture, initialWeights(architecture, 1)), { executionProviders: ['cuda'] }).then(
  (session) => session.release().then(() => process.exit(0)),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
