import type { OpenReadModels } from '@oort/kernel-projection';
import { jobsProjection } from '@oort/projections-jobs';
import { openTestReadModels, printed } from './fixture-command';
import { openMetricsDoor } from './metrics';
import { projectionsCommand } from './projections';

let readModels: OpenReadModels;
let close: () => Promise<void>;
beforeAll(async () => { ({ readModels, close } = await openTestReadModels([jobsProjection])); });
afterAll(() => close());

const said = (...commandLine: string[]): Promise<string> => printed(() => projectionsCommand(commandLine));

test('lists how the projections of a running platform stand, also as JSON', async () => {
  expect(await said('list')).toMatch(/NAME +VERSION +STATE +POSITION.*\njobs +1 +active +-1 /);
  expect(JSON.parse(await said('list', '--json'))).toMatchObject([{ name: 'jobs', version: 1, state: 'active', parked: 0 }]);
});

test('asks the running platform to build one anew', async () => {
  const build = async (): Promise<string> => {
    const [row] = await readModels.database.query<{ id: string }[]>(`SELECT id FROM read_models.builds WHERE state = 'active'`);
    return row?.id ?? '';
  };
  const before = await build();
  expect(await said('rebuild', 'jobs')).toMatch(/^jobs is built anew/);
  while (await build() === before) await new Promise((resolve) => { setTimeout(resolve, 20); });
});

test('says what it does not know', async () => {
  await expect(said('rebuild', 'nothing')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(said('rebuild')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(said('undo')).rejects.toMatchObject({ code: 'USAGE' });
  expect(await said('replay', 'jobs')).toBe('nothing is parked\n');
});

test('Prometheus finds them where a port was asked for', async () => {
  expect(await openMetricsDoor({}, readModels)).toBeNull();
  await expect(openMetricsDoor({ OORT_METRICS_PORT: 'x' }, readModels)).rejects.toMatchObject({ code: 'USAGE' });
  const door = await openMetricsDoor({ OORT_METRICS_PORT: '0' }, readModels);
  const answer = await fetch(door?.url ?? '');
  expect(answer.headers.get('content-type')).toContain('version=0.0.4');
  expect(await answer.text()).toContain('oort_projection_positions_behind{projection="jobs",version="1",state="active"} 0');
  expect((await fetch(new URL('/', door?.url))).status).toBe(404);
  await door?.close();
});
