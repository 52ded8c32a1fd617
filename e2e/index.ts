export { compileToken } from './chain-clients/compile';
