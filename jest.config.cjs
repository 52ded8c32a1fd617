// Packages published only as ES modules are transformed too, because tests run as CommonJS.
const esModules = ['@noble', 'multiformats', 'uint8arrays', 'ulid', 'fast-xml-parser', 'graphql-ws', '@kubernetes', 'openid-client', 'oauth4webapi', 'jose'].join('|');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/house/jest-environment.cjs',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/.build/', '/.oort/'],
  modulePathIgnorePatterns: ['/.build/'],
  transform: { '^.+\\.[mc]?[tj]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  transformIgnorePatterns: [`/node_modules/(?!.*(${esModules})/)`],
  // Only what hangs ends by the clock: a busy machine takes its time.
  testTimeout: 120000,
};
