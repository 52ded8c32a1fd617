// A node is known by its key. TLS 1.3 proves at both ends that the key is held; what else a certificate says is not looked at.
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSigned, type Certified } from '@oort/kernel-identity/self-signed';

export interface PeerIdentity extends Certified {
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly id: string;
}

/** Made at the first start, readable by its owner only. */
export function loadPeerIdentity(directory: string): PeerIdentity {
  const file = join(directory, 'peer.json');
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    // Renamed into place: a kill here must not leave half a file that the next boot would trip over.
    writeFileSync(`${file}.new`, JSON.stringify(selfSigned()), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const certified = JSON.parse(readFileSync(file, 'utf8')) as Certified;
  return { ...certified, id: peerIdOf(new X509Certificate(certified.certificate)) };
}

export function peerIdOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('hex');
}
