// What every program of ours is to who starts it: settings from the environment, one line when it is ready, one when it cannot be,
// and an end in order.
export { lineOf } from './line-of';
export { readyLine, runProcess, type Running } from './run';
export { SettingRefused, Settings, type Environment } from './settings';
