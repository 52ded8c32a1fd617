import { removableBefore, type GroupPlace } from './retention';

const nowMs = 1_000_000;
const segment = (next: number, ageMs: number): { readonly next: number; readonly bytes: number; readonly writtenAtMs: number } => ({ next, bytes: 100, writtenAtMs: nowMs - ageMs });
const segments = [segment(10, 900), segment(20, 500), segment(30, 0)];
const at = (next: number, ageMs = 0): GroupPlace => ({ next, atMs: nowMs - ageMs });
const question = { topic: 't', segments, nowMs, retention: { ageMs: 600, bytes: 1000, longestAbsenceMs: 5000 } };

test.each<[string, Parameters<typeof removableBefore>[0], number]>([
  ['what is old and passed goes', { ...question, groups: new Map([['a', at(30)]]) }, 10],
  ['what a group has not passed stays', { ...question, groups: new Map([['a', at(30)], ['b', at(9)]]) }, 0],
  ['a group that is away for too long holds nothing up', { ...question, groups: new Map([['a', at(30)], ['b', at(9, 6000)]]) }, 10],
  ['over the size, what is passed goes before its age', { ...question, groups: new Map([['a', at(20)]]), retention: { ...question.retention, bytes: 150 } }, 20],
  ['without a group, age and size decide', { ...question, groups: new Map() }, 10],
  ['dead letters stay', { ...question, topic: 't.dead', groups: new Map([['a', at(30)]]) }, 0],
  ['dead letters that were replayed go', { ...question, topic: 't.dead', groups: new Map([['replay', at(30, 6000)]]) }, 10],
])('%s', (_, asked, expected) => {
  expect(removableBefore(asked)).toBe(expected);
});
