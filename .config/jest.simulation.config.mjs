// `make simulate`: many seeds on both cores, then bugs that are planted.
import base from './jest.config.mjs';

export default {
  ...base,
  roots: ['<rootDir>/test/simulation'],
  testMatch: ['**/*.simulation.ts'],
  testTimeout: 3_600_000,
  verbose: true,
};
