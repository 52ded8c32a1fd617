// How Kafka is reached, from the environment. The platform and agents read the same names.
import { readFileSync } from 'node:fs';
import { codeOf, Fault, messageOf } from '@oort/kernel-wire';
import type { KafkaOptions } from './kafka';

export class KafkaSettingInvalid extends Fault {
  constructor(name: string, why: string) {
    super('KAFKA_SETTING_INVALID', `${name} ${why}`, { name });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type Connection = Pick<KafkaOptions, 'brokers' | 'tls' | 'sasl' | 'retentionMs'>;

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const dayMs = 24 * 3600 * 1000;

/** Null where no brokers are named: then Kafka is not used. Throws KafkaSettingInvalid, in words that name the variable. */
export function kafkaSettings(environment: Environment): Connection | null {
  const get = (name: string): string => (environment[name] ?? '').trim();
  const brokers = get('OORT_KAFKA_BROKERS').split(',').map((broker) => broker.trim()).filter((broker) => broker !== '');
  if (brokers.length === 0) return null;
  const wrong = brokers.find((broker) => !/^[^\s:]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(broker));
  if (wrong !== undefined) throw new KafkaSettingInvalid('OORT_KAFKA_BROKERS', `is host:port,host:port, not "${wrong}"`);
  const [tls, sasl, retentionMs] = [tlsOf(get), saslOf(get), retentionOf(get)];
  return { brokers, ...(tls === null ? {} : { tls }), ...(sasl === null ? {} : { sasl }), ...(retentionMs === null ? {} : { retentionMs }) };
}

type Get = (name: string) => string;

function tlsOf(get: Get): NonNullable<KafkaOptions['tls']> | null {
  const wanted = get('OORT_KAFKA_TLS');
  if (!['', '0', '1'].includes(wanted)) throw new KafkaSettingInvalid('OORT_KAFKA_TLS', `is 1 or 0, not "${wanted}"`);
  const files = { ca: get('OORT_KAFKA_CA'), cert: get('OORT_KAFKA_CERT'), key: get('OORT_KAFKA_KEY') };
  const given = Object.values(files).some((file) => file !== '');
  if (given && wanted === '0') throw new KafkaSettingInvalid('OORT_KAFKA_TLS', 'is 0 although certificates are given');
  if (!given && wanted !== '1') return null;
  if ((files.cert === '') !== (files.key === '')) throw new KafkaSettingInvalid('OORT_KAFKA_CERT and OORT_KAFKA_KEY', 'go together');
  return {
    ...(files.ca === '' ? {} : { ca: textOf('OORT_KAFKA_CA', files.ca) }),
    ...(files.cert === '' ? {} : { cert: textOf('OORT_KAFKA_CERT', files.cert), key: textOf('OORT_KAFKA_KEY', files.key) }),
  };
}

function saslOf(get: Get): NonNullable<KafkaOptions['sasl']> | null {
  const [asked, username, passwordFile] = [get('OORT_KAFKA_SASL').toLowerCase(), get('OORT_KAFKA_USERNAME'), get('OORT_KAFKA_PASSWORD_FILE')];
  if (asked === '') {
    if (username !== '') throw new KafkaSettingInvalid('OORT_KAFKA_SASL', `is missing: one of ${mechanisms.join(', ')}`);
    return null;
  }
  const mechanism = mechanisms.find((one) => one === asked);
  if (mechanism === undefined) throw new KafkaSettingInvalid('OORT_KAFKA_SASL', `is one of ${mechanisms.join(', ')}, not "${asked}"`);
  const password = passwordFile === '' ? get('OORT_KAFKA_PASSWORD') : textOf('OORT_KAFKA_PASSWORD_FILE', passwordFile).trim();
  if (username === '' || password === '') throw new KafkaSettingInvalid('OORT_KAFKA_USERNAME and OORT_KAFKA_PASSWORD_FILE', 'are needed with OORT_KAFKA_SASL');
  return { mechanism, username, password };
}

function retentionOf(get: Get): number | null {
  const days = get('OORT_TELEMETRY_RETENTION_DAYS');
  if (days === '') return null;
  if (!(Number(days) > 0)) throw new KafkaSettingInvalid('OORT_TELEMETRY_RETENTION_DAYS', `is a number of days, not "${days}"`);
  return Number(days) * dayMs;
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KafkaSettingInvalid(name, `cannot be read: ${codeOf(error) ?? messageOf(error)} at ${path}`);
  }
}
