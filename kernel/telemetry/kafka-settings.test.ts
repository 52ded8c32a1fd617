import { kafkaSettings } from './index';

const brokers = { OORT_KAFKA_BROKERS: 'a:9092, b:9093' };

test('nothing named, no Kafka; what is named is taken', () => {
  expect(kafkaSettings({})).toBeNull();
  expect(kafkaSettings({ OORT_KAFKA_BROKERS: ' , ' })).toBeNull();
  expect(kafkaSettings(brokers)).toEqual({ brokers: ['a:9092', 'b:9093'] });
  expect(kafkaSettings({ ...brokers, OORT_KAFKA_TLS: '1', OORT_TELEMETRY_RETENTION_DAYS: '2' })).toEqual({ brokers: ['a:9092', 'b:9093'], tls: {}, retentionMs: 172_800_000 });
  expect(kafkaSettings({ ...brokers, OORT_KAFKA_SASL: 'SCRAM-SHA-512', OORT_KAFKA_USERNAME: 'u', OORT_KAFKA_PASSWORD: 'p' }))
    .toEqual({ brokers: ['a:9092', 'b:9093'], sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } });
});

test.each<[Readonly<Record<string, string>>, string]>([
  [{ OORT_KAFKA_BROKERS: 'kafka' }, 'OORT_KAFKA_BROKERS is host:port,host:port, not "kafka"'],
  [{ ...brokers, OORT_KAFKA_TLS: 'yes' }, 'OORT_KAFKA_TLS is 1 or 0, not "yes"'],
  [{ ...brokers, OORT_KAFKA_TLS: '0', OORT_KAFKA_CA: '/ca' }, 'OORT_KAFKA_TLS is 0 although certificates are given'],
  [{ ...brokers, OORT_KAFKA_CERT: '/cert' }, 'OORT_KAFKA_CERT and OORT_KAFKA_KEY go together'],
  [{ ...brokers, OORT_KAFKA_CA: '/no such file' }, 'OORT_KAFKA_CA cannot be read: ENOENT at /no such file'],
  [{ ...brokers, OORT_KAFKA_SASL: 'kerberos' }, 'OORT_KAFKA_SASL is one of plain, scram-sha-256, scram-sha-512, not "kerberos"'],
  [{ ...brokers, OORT_KAFKA_USERNAME: 'u' }, 'OORT_KAFKA_SASL is missing: one of plain, scram-sha-256, scram-sha-512'],
  [{ ...brokers, OORT_KAFKA_SASL: 'plain' }, 'OORT_KAFKA_USERNAME and OORT_KAFKA_PASSWORD_FILE are needed with OORT_KAFKA_SASL'],
  [{ ...brokers, OORT_TELEMETRY_RETENTION_DAYS: 'long' }, 'OORT_TELEMETRY_RETENTION_DAYS is a number of days, not "long"'],
])('%j is refused in words that name the variable', (environment, message) => {
  expect(() => kafkaSettings(environment)).toThrow(message);
});
