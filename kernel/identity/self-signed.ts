// A certificate for 127.0.0.1 and localhost that signs itself, for tests and for peers who know each other by key: node makes keys and signatures but no X.509, and not every
// machine has a tool that does. DER by hand: ITU-T X.690; the fields are those of RFC 5280.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certified { readonly certificate: string; readonly privateKey: string }

const tags = { boolean: 1, integer: 2, bits: 3, bytes: 4, oid: 6, utf8: 12, time: 23, sequence: 48, set: 49, version: 160, extensions: 163 };
const ecdsaWithSha256 = der(tags.sequence, der(tags.oid, Buffer.from('2a8648ce3d040302', 'hex')));
const commonName = Buffer.from('550403', 'hex');
const dayMs = 86_400_000;

export function selfSigned(now = new Date()): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(tags.sequence, der(tags.set, der(tags.sequence, der(tags.oid, commonName), der(tags.utf8, Buffer.from('oort')))));
  const body = der(
    tags.sequence,
    der(tags.version, der(tags.integer, Buffer.from([2]))),
    // Positive and not zero.
    der(tags.integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256, name,
    der(tags.sequence, time(new Date(now.getTime() - dayMs)), time(new Date(now.getTime() + dayMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(tags.extensions, der(tags.sequence, constraints(), alternativeNames())),
  );
  const certificate = der(tags.sequence, body, ecdsaWithSha256, der(tags.bits, Buffer.from([0]), sign('sha256', body, privateKey)));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** It is its own authority. */
function constraints(): Buffer {
  const critical = der(tags.boolean, Buffer.from([255]));
  return der(tags.sequence, der(tags.oid, Buffer.from('551d13', 'hex')), critical, der(tags.bytes, der(tags.sequence, critical)));
}

function alternativeNames(): Buffer {
  const names = der(tags.sequence, der(130, Buffer.from('localhost')), der(135, Buffer.from([127, 0, 0, 1])));
  return der(tags.sequence, der(tags.oid, Buffer.from('551d11', 'hex')), der(tags.bytes, names));
}

function time(date: Date): Buffer {
  const [day, clock] = date.toISOString().slice(2, 19).replaceAll(/[-:]/g, '').split('T');
  return der(tags.time, Buffer.from(`${day}${clock}Z`));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [129, length] : [130, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
