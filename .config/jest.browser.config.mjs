// Tests that drive a real Chromium over what `make build` left: apart from the others, since not every machine has one.
import config from './jest.config.mjs';

export default { ...config, roots: ['<rootDir>/test/browser'], testPathIgnorePatterns: ['/node_modules/'] };
