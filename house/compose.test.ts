// docker/compose.yaml without a container engine: it is what its schema allows, and it gives each entry point exactly what the
// supervisor of `oort up --topology services` gives it, which the main job runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019';
import { parse } from 'yaml';
import { chain, graphql, ingest, projections, s3, subgraphs, type Places, type ServiceKind } from '@oort/cli/topology/services';

interface Service { readonly image: string; readonly command?: readonly string[]; readonly environment?: Readonly<Record<string, string>>; readonly ports?: readonly string[] }

const root = join(__dirname, '..');
const text = readFileSync(join(root, 'docker', 'compose.yaml'), 'utf8').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
const file = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const { services } = file;
const stock = ['eventstore', 'postgres', 'kafka'];

const keys: Places['keys'] = {
  chain: '/keys/chain.key', chainAddress: '/keys/chain.address', session: '/keys/session.json', sessionPublic: '/keys/session.pub',
  order: '/keys/orders.json', orderPublic: '/keys/orders.pub', gateway: '/keys/gateway.json', gatewayPublic: '/keys/gateway.pub',
  telemetry: '/keys/telemetry.key', events: '/keys/events', revealed: '/keys/revealed',
};
const places: Places = {
  keys, directory: '/data', eventStoreUrl: 'esdb://eventstore:2113?tls=false', postgresUrl: 'postgres://oort:oort@postgres:5432/oort',
  chainUrl: 'http://chain:8765', site: '127.0.0.1:4000', runtimeClass: 'onnxruntime-1.30-cpu-linux-x64', telemetry: { OORT_KAFKA_BROKERS: 'kafka:9092' },
};
const urls = Object.fromEntries(Object.keys(subgraphs).map((name) => [name, `http://${name}:${services[name]?.environment?.['OORT_PORT'] ?? ''}`]));
const kinds: Readonly<Record<string, ServiceKind>> = { chain, projections, ingest, ...subgraphs, s3, graphql: graphql(urls) };

describe('docker/compose.yaml', () => {
  it('is what the Compose Specification allows', () => {
    // Its ids are of an older draft than it says it is.
    const schema = JSON.parse(readFileSync(join(root, 'docker', 'compose-spec.json'), 'utf8'), (key, value: unknown) => (key === 'id' && typeof value === 'string' ? undefined : value)) as object;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    validate(file);
    expect(validate.errors).toBeNull();
  });

  it('names the services of the platform, and no others', () => {
    expect(Object.keys(services).sort()).toEqual([...stock, 'keys', ...Object.keys(kinds)].sort());
  });

  it.each(Object.entries(kinds))('starts %s as the supervisor does', (name, { entry, environment }) => {
    const { command, environment: given = {} } = services[name] ?? {};
    expect(command).toEqual([entry]);
    expect(existsSync(join(root, entry))).toBe(true);
    // Where it listens is the one thing that containers and the supervisor choose differently.
    const { OORT_PORT: port, OORT_HOST: host, ...rest } = given;
    expect(rest).toEqual(environment(places));
    expect([port === undefined ? null : /^\d+$/.test(port), host]).toEqual([name === 'projections' ? null : true, '0.0.0.0']);
  });

  it('opens doors to this machine only, and pins what it takes from others', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(stock.filter((name) => !/:\d+[.\w-]*$/.test(services[name]?.image ?? ''))).toEqual([]);
  });
});
