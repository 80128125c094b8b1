import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['.config/library-types/', 'dist/', 'examples/worlds/', 'tmp/', 'node_modules/', 'test/fixtures/', 'test/golden/worlds/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './src/handlers/page/browser/tsconfig.json', './test/browser/tsconfig.json'],
        tsconfigRootDir: new URL('..', import.meta.url).pathname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'off',
      // Shapes that become JSON are type aliases: only those are assignable to an index signature.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines the name.' },
      ],
      // An object codec without optional fields adds the empty record to its type.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    ...jest.configs['flat/recommended'],
    rules: {
      ...jest.configs['flat/recommended'].rules,
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'fc.assert'] }],
      'jest/valid-expect': 'error',
      'jest/valid-expect-in-promise': 'error',
      'jest/no-conditional-expect': 'off',
      'jest/no-standalone-expect': 'off',
    },
  },
  // A contract suite is exported for the tests of each adapter to run.
  { files: ['test/contracts/**/*.ts'], rules: { 'jest/no-export': 'off' } },
  // Declares the tests of others, and skips them under a name that says why.
  {
    files: ['test/support/needs.ts'],
    rules: {
      'jest/expect-expect': 'off',
      'jest/no-disabled-tests': 'off',
      'jest/no-export': 'off',
      'jest/valid-describe-callback': 'off',
      'jest/valid-title': 'off',
    },
  },
  { files: ['test/bench/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['.config/**/*.mjs', 'test/**/*.mjs', 'examples/**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
