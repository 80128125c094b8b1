// `make test-infra`: what needs programs beside Node, and is skipped by name where they are missing. Verbose, so that a skip is seen.
import base from './jest.config.mjs';

export default {
  ...base,
  roots: ['<rootDir>/test/infra'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
  testTimeout: 300_000,
};
