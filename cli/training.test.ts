import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '@oort/kernel-wire';
import { plotTraining, progressLine } from './training';

let server: Server;
let platform = '';
let answer: Json = null;
const said: string[] = [];

beforeAll(async () => {
  server = createServer((_, response) => { response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  platform = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => { said.push(String(text)); return true; });
});

afterAll(() => {
  jest.restoreAllMocks();
  server.close();
});

test('draws the losses of a run', async () => {
  const metrics = { workers: [{ loss: 1, losses: [[5, 2], [10, 1]] }] };
  answer = { data: { trainingRun: { status: 'COMPLETED', failure: null, hyperParameters: { localSteps: 10 }, plot: '<svg/>', completedRounds: [{ metrics }] } } };
  await plotTraining(['run_1', '--platform', platform]);
  expect(said.join('')).toContain('* worker 0');
  expect(said.join('')).toMatch(/completed\n$/);
});

test('says what is wrong with what was asked, and what the platform says', async () => {
  await expect(plotTraining([])).rejects.toThrow('the run\'s id');
  answer = { data: { trainingRun: null } };
  await expect(plotTraining(['run_x', '--platform', platform])).rejects.toThrow('there is no training run run_x');
  answer = { errors: [{ message: 'too many' }] };
  await expect(plotTraining(['run_x', '--platform', platform])).rejects.toMatchObject({ code: 'PLATFORM_REFUSED', message: 'too many' });
  await expect(plotTraining(['run_x', '--platform', 'http://127.0.0.1:1'])).rejects.toThrow('does not answer');
});

test('has a line for each step forward', () => {
  const nothing = { round: null, worker: null, step: null, loss: null, accuracy: null, validationLoss: null, failure: null };
  expect(progressLine({ ...nothing, kind: 'CHECKPOINT', round: 0, worker: 1, step: 40, loss: 0.25 })).toBe('round 0 worker 1 step 40: loss 0.2500');
  expect(progressLine({ ...nothing, kind: 'WORKER', round: 0, worker: 1, loss: 0.5, validationLoss: 0.75, accuracy: 1 })).toBe('round 0 worker 1 done: loss 0.5000, held out 0.7500, accuracy 1.000');
  expect(progressLine({ ...nothing, kind: 'ENDED', failure: 'no workers' })).toBe('failed: no workers');
  expect(progressLine({ ...nothing, kind: 'ENDED' })).toBe('completed: not marked');
});
