// Work for nodes: jobs that wait, attempts that are leased, results that are signed, and what it may cost.
export { jobDecider } from './decide';
export { demandOf } from './demand';
export { createDispatcher, type Dispatcher, type WorkingNode } from './dispatcher';
export { computeFlow } from './flow';
export { scoreOf, type WaitingNode } from './matching';
export { quoteMicroUsd, unitPriceMicroUsd } from './pricing';
export { createComputeSubgraph, type ComputePorts, type ComputeSubgraph } from './subgraph';
export { createJobSubmitter, JobRefused, type JobToSubmit, type SubmitJob } from './submit';
