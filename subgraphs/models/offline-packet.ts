// Usage that a device gathered without a network, as it was signed: canonical JSON, so the signature is over the text itself.
import type { Json } from '@oort/kernel-wire';
import type { ReportedPrediction } from './commands';

export interface OfflinePacket {
  readonly packetId: string;
  readonly deploymentId: string;
  readonly nodeId: string;
  readonly predictions: readonly ReportedPrediction[];
}

const mostPredictions = 500;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Null for anything else. */
export function readPacket(text: string): OfflinePacket | null {
  const { packetId, deploymentId, nodeId, predictions } = parse(text);
  if (typeof packetId !== 'string' || typeof deploymentId !== 'string' || typeof nodeId !== 'string' || !Array.isArray(predictions)) return null;
  if (predictions.length > mostPredictions) return null;
  const read = predictions.map(readPrediction);
  return read.every((prediction) => prediction !== null) ? { packetId, deploymentId, nodeId, predictions: read } : null;
}

function readPrediction(json: Json): ReportedPrediction | null {
  const { predictionId, inputHash, outputHash, label, predictedAt } = (json ?? {}) as Readonly<Record<string, Json | undefined>>;
  if (typeof predictionId !== 'string' || typeof inputHash !== 'string' || typeof outputHash !== 'string' || typeof label !== 'string') return null;
  if (typeof predictedAt !== 'string' || !instant.test(predictedAt)) return null;
  return { predictionId, inputHash, outputHash, label, predictedAt };
}

function parse(text: string): Readonly<Record<string, Json | undefined>> {
  try {
    const parsed = JSON.parse(text) as Json;
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Readonly<Record<string, Json | undefined>>;
  } catch {
    // Unreadable text has no fields.
  }
  return {};
}
