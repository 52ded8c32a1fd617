// Checks, without a network, that the platform gave this node this work, and until when: an edge device may take its packets along.
import { verifySignature } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import { jobSpecId } from '@oort/schema/job-spec';
import { packetStatement, type WorkPacket } from '@oort/schema/statements';

export class PacketRefused extends Fault {
  constructor(message: string) { super('PACKET_REFUSED', message); }
}

export interface SignedPacket { readonly statement: string; readonly signature: string }

/** Throws PacketRefused. */
export function readPacket({ statement, signature }: SignedPacket, spec: Json, by: { readonly platformPublicKey: string; readonly nodeId: string; readonly now: Date }): WorkPacket {
  if (!verifySignature(by.platformPublicKey, statement, signature)) throw new PacketRefused('the packet is not signed by the platform');
  const packet = JSON.parse(statement) as Partial<WorkPacket>;
  if (!isPacket(packet) || packetStatement(packet) !== statement) throw new PacketRefused('the platform signed something else with this');
  if (packet.nodeId !== by.nodeId) throw new PacketRefused('the packet is another node\'s');
  if (packet.specHash !== jobSpecId(spec)) throw new PacketRefused('the packet is for another job');
  if (Date.parse(packet.deadline) <= by.now.getTime()) throw new PacketRefused('the time for this work is over');
  return packet;
}

function isPacket(packet: Partial<WorkPacket>): packet is WorkPacket {
  const { jobId, attempt, fencingToken, nodeId, specHash, deadline } = packet;
  return [jobId, nodeId, specHash, deadline].every((text) => typeof text === 'string') && [attempt, fencingToken].every((count) => typeof count === 'number');
}
