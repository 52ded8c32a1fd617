import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { parse } from 'graphql';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { createOfficer, type Officer, type OfficerPorts } from './officer';
import { drawsOf, leakPhantoms, type OfficerFault } from './officer-fault';
import type { OtherWorkPorts } from './other-work';
import { startReactions } from './react';
import type { TrainingAuditPorts } from './training';
import { createRecords } from './records';
import { onnxReferee } from './referee';
import { auditResolvers } from './resolvers';
import { seatsOn } from './seats';

export interface AuditPorts extends SubgraphPorts, Pick<OfficerPorts, 'dispatch' | 'runtimeClass' | 'appealMs'> {
  nodeOf(nodeId: string): Promise<{ readonly operator: string; readonly runtimeClass: string; readonly status: string; readonly publicKey?: string } | null>;
  nodes: OtherWorkPorts['nodes'];
  dispatchTraining: TrainingAuditPorts['dispatchTraining'];
  /** Between two roots of commitments on chain. */
  readonly batchMs: number;
  /** For tests: an officer that cheats. */
  readonly officerFault?: OfficerFault | null;
}

export function createAuditSubgraph(ports: AuditPorts): Promise<Subgraph> {
  let desk: Officer | null = null;
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'audit.graphql'), 'utf8');
  return Promise.resolve({ name: 'audit', typeDefs: parse(sdl), resolvers: auditResolvers(ports.readModels, { seats: seatsOn(ports.ledger), desk: () => desk }), start });

  async function start(signal: AbortSignal): Promise<void> {
    const referee = onnxReferee(ports.content);
    const { store, dispatch, nodeOf, runtimeClass, appealMs, officerFault = null } = ports;
    leakPhantoms(officerFault, store, signal).catch(ended(signal));
    const records = createRecords({ store, now: () => ports.now() });
    const officer = await createOfficer({ store, records, referee, now: () => ports.now(), dispatch, nodeOf, runtimeClass, appealMs, ...drawsOf(officerFault) });
    desk = officer;
    startReactions({ ports, records, officer, referee }, signal).catch(ended(signal));
    turnBatches(officer.turnBatch, ports.batchMs, signal).catch(ended(signal));
  }
}

async function turnBatches(turn: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  for await (const _ of setInterval(everyMs, null, { signal })) await turn();
}

/** Loops end by the signal. Anything else that ends one is a bug, and an unhandled rejection stops the process. */
function ended(signal: AbortSignal): (reason: unknown) => void {
  return (reason) => {
    if (!signal.aborted) throw reason;
  };
}
