// Training as ordinary ONNX graphs: a network described as layers becomes an inference file and a file that does one step of
// gradient descent, which any ONNX runtime executes. Around it, purely: seeded first weights, batches, averaging, measures.
export {
  ArchitectureRefused, imageShape, inputName, parameters, planLayers, readArchitecture, sizeOf, type Architecture, type ImageShape, type Layer, type Loss,
  type Parameter, type Shape,
} from './architecture';
export { AveragingRefused, averageWeights, type Averaging, type AveragingOptions, type Contribution } from './averaging';
export { augmentBatch, batchAt, heldOutOf, learningRateAt, shareOf } from './batches';
export { accuracyOf, confusionOf, indexOfLargest, type Confusion } from './confusion';
export { decodeExampleSet, encodeExampleSet, ExampleSetCorrupt, type Example, type ExampleSet } from './example-set';
export { roundLoss, stopsEarly } from './early-stopping';
export { exampleTensor, ExampleUnreadable } from './example-tensor';
export { decodeImage, ImageUnreadable, imageTensor, type Pixels } from './image-tensor';
export { lossPlotSvg, lossPlotText, lossSeries, type LossSeries } from './loss-plot';
export { inferenceModel } from './network-graph';
export { memoryOf, nextOf, secondMomentOf, stepScalars, velocityOf, type Optimiser } from './optimiser';
export { referenceGradients } from './reference-network';
export {
  defaultHyperParameters, readEvaluationSpec, readHyperParameters, readTrainingSpec, SpecRefused,
  type EvaluationSpec, type HyperParameters, type TrainingSpec,
} from './training-spec';
export { gradientOf, trainingStepModel, type TrainingGraphOptions } from './training-graph';
export { decodeWeights, encodeWeights, initialWeights, requireFitting, WeightsCorrupt, type Weights, type WeightTensor } from './weights';
