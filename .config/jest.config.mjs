// Node 22 from the `node` package runs this; two cores are the reference machine.
// A test that is named on the command line is run, wherever it is.
const named = (folder) => process.argv.some((argument) => argument.startsWith(folder));

export default {
  rootDir: '..',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // They need more than Node: jest.infra.config.mjs and jest.browser.config.mjs run them.
  testPathIgnorePatterns: [
    '/node_modules/',
    ...['test/infra/', 'test/browser/'].flatMap((folder) => (named(folder) ? [] : [`<rootDir>/${folder}`])),
  ],
  testEnvironment: 'node',
  transform: { '\\.([cm]?[jt]s|wasm)$': '<rootDir>/.config/jest-esbuild.mjs' },
  // Packages published as ES modules only are transformed like our own source.
  transformIgnorePatterns: ['/node_modules/(?!(csv-parse|csv-stringify|pure-rand|@middy|fast-check|@jitl)/)'],
  // They export an `import` condition only, and Jest resolves as `require` does.
  moduleNameMapper: { '^@middy/(core|util|http-json-body-parser)$': '<rootDir>/node_modules/@middy/$1/index.js' },
  // What the build puts in.
  globals: {
    EWM_VERSION: '0.0.0-test',
    EWM_PAGE_SCRIPT: 'void 0;',
    EWM_PAGE_STYLE: 'main {}',
    EWM_SERVER_SCRIPT: 'void 1;',
    EWM_SERVER_STYLE: 'nav {}',
    EWM_SWEEP_SCRIPT: 'draw();',
    EWM_SWEEP_STYLE: 'main {}',
  },
  cacheDirectory: '<rootDir>/tmp/jest',
  testTimeout: 60_000,
  // Jest leaves one core free by default; the reference machine has two.
  maxWorkers: 2,
};
