// What do nodes report of themselves, and how whole are their reports?
export { forgetOldMetrics, prepareReadings, startReadings, type ReadingsOptions } from './consumer';
export { chainReports, jobMetrics, machineReport, usageReports, type ChainReport, type JobMetricRow, type MachineReport, type UsageReport } from './questions';
