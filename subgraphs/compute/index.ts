// Work for nodes: jobs that wait, attempts that are leased, results that are signed, and what it may cost.
export { jobDecider } from './decide';
export { computeFlow } from './flow';
export { quoteMicroUsd, unitPriceMicroUsd } from './pricing';
export { createComputeSubgraph, JobRefused, type ComputePorts, type ComputeSubgraph, type JobToSubmit, type SubmitJob } from './subgraph';
