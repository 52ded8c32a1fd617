export type { TelemetryBus, TelemetryMessage } from './port';
