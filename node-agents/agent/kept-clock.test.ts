import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptClock } from './kept-clock';

const day = 24 * 3600 * 1000;
const noon = Date.parse('2026-03-01T12:00:00Z');
const header = (ms: number): string => new Date(ms).toUTCString();
let directory: string;

beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'oort-kept-clock-')); });
afterEach(() => { rmSync(directory, { recursive: true }); });

/** An agent that hears the platform say `toldMs` while its device says `deviceMs`, and ends. */
function hear(toldMs: number, deviceMs: number): void {
  keptClock(directory, () => new Date(deviceMs)).learn(header(toldMs));
}
const afterRestart = (deviceMs: number): number => keptClock(directory, () => new Date(deviceMs)).now().getTime();

it.each([['ahead', day], ['behind', -day]])('goes on by the platform\'s time after a restart without a network, its device\'s clock a day %s', (_, offMs) => {
  hear(noon, noon + offMs);
  expect(afterRestart(noon + offMs + 5000)).toBe(noon + 5000);
});

it('never goes back behind a time that the platform told', () => {
  hear(noon, noon - day);
  expect(afterRestart(0)).toBe(noon);
});

it('drops a correction that the device\'s clock, set right since, no longer needs', () => {
  hear(noon, noon + day);
  expect(afterRestart(noon + 60_000)).toBe(noon + 60_000);
});

it('forgets the correction once the platform agrees with the device', () => {
  hear(noon, noon + day);
  hear(noon + 60_000, noon + 60_000);
  expect(afterRestart(noon + 2 * day)).toBe(noon + 2 * day);
});

it('keeps how late it is at most an hour old', () => {
  hear(noon, noon - day);
  hear(noon + 3600_000, noon - day + 3600_000);
  expect(afterRestart(0)).toBe(noon + 3600_000);
});

it('writes nothing where the clock is right', () => {
  hear(noon, noon + 1000);
  expect(existsSync(join(directory, 'clock.json'))).toBe(false);
});

it.each(['{"behindMs":', 'null', '{"behindMs":"x","toldMs":1}', '{"behindMs":1e999,"toldMs":0}'])('starts by the device\'s clock where the file is damaged: %s', (text) => {
  writeFileSync(join(directory, 'clock.json'), text);
  expect(afterRestart(noon)).toBe(noon);
});

it('learns on though it cannot write', () => {
  writeFileSync(join(directory, 'file'), '');
  const clock = keptClock(join(directory, 'file'), () => new Date(noon - day));
  clock.learn(header(noon));
  expect(clock.now().getTime()).toBe(noon);
});
