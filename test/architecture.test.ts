/**
 * The architecture as a test: a closed table of what each folder may import, and what is banned inside the domain. Every complaint says
 * what to do instead, and every rule has a fixture that breaks it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

interface FolderRule {
  /** Folders it may import from, beside itself; `/**` takes everything below. */
  readonly imports: readonly string[];
  /** Folders it may import types from, and nothing else. */
  readonly types?: readonly string[];
  /** Packages, as written in the import. */
  readonly packages: readonly string[];
}

const DOMAIN = 'src/domain/**';
const EITHER = ['fp-ts/Either'];
const PURE_RAND = ['pure-rand/distribution/uniformInt', 'pure-rand/generator/xoroshiro128plus', 'pure-rand/types/RandomGenerator'];
const FP = ['fp-ts/Either', 'fp-ts/TaskEither'];
/** What a test may reach for; the runtime is one of the things tested. */
const AWS_SDK = ['@aws-sdk/client-bedrock-agentcore', '@aws-sdk/client-kms', '@aws-sdk/client-s3'];
/** Reads back what was deployed. */
const CONTROL_PLANE = [
  '@aws-sdk/client-apigatewayv2',
  '@aws-sdk/client-cloudwatch',
  '@aws-sdk/client-cloudwatch-logs',
  '@aws-sdk/client-iam',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-lambda',
  '@aws-sdk/client-s3',
  '@aws-sdk/client-sfn',
];
/** The official clients of both generations, for tests that play through them. */
const MCP_CLIENTS = [
  '@modelcontextprotocol/client',
  '@modelcontextprotocol/client/stdio',
  '@modelcontextprotocol/sdk/client/index.js',
  '@modelcontextprotocol/sdk/client/stdio.js',
  '@modelcontextprotocol/sdk/client/streamableHttp.js',
];
const TEST_PACKAGES = ['fast-check', ...FP, 'node:*'];

/** Closed: a folder that is not here fails, so that a new one is a decision and not an accident. */
const FOLDERS: Readonly<Record<string, FolderRule>> = {
  // The domain, from the inside out: each folder knows those above it.
  'src/domain': { imports: [], packages: ['node:buffer', 'node:crypto'] },
  'src/domain/decimal': { imports: ['src/domain'], packages: EITHER },
  'src/domain/canonical': { imports: ['src/domain'], packages: [] },
  'src/domain/codec': { imports: ['src/domain', 'src/domain/canonical', 'src/domain/decimal'], packages: [...EITHER, 'io-ts'] },
  'src/domain/budget': { imports: ['src/domain', 'src/domain/canonical', 'src/domain/codec'], packages: [...EITHER, 'io-ts'] },
  'src/domain/market': {
    imports: ['src/domain', 'src/domain/canonical', 'src/domain/codec', 'src/domain/decimal'],
    packages: [...EITHER, 'io-ts', ...PURE_RAND],
  },
  'src/domain/world/market': {
    imports: [
      'src/domain',
      'src/domain/canonical',
      'src/domain/codec',
      'src/domain/decimal',
      'src/domain/ledger',
      'src/domain/market',
      'src/domain/tape',
      'src/domain/world/market/rules',
    ],
    types: ['src/domain/episode'],
    packages: [...EITHER, 'io-ts'],
  },
  // A world that is a file: what runs it is behind a port.
  'src/domain/world/file': {
    imports: ['src/domain', 'src/domain/canonical', 'src/domain/codec', 'src/domain/episode', 'src/ports'],
    types: ['src/domain/agent', 'src/domain/budget'],
    packages: [...EITHER, 'io-ts'],
  },
  // A kind of rule a file.
  'src/domain/world/market/rules': {
    imports: ['src/domain', 'src/domain/codec', 'src/domain/decimal', 'src/domain/market'],
    packages: [],
  },
  'src/domain/tape': {
    imports: ['src/domain', 'src/domain/canonical', 'src/domain/codec', 'src/domain/decimal', 'src/domain/world/market'],
    types: ['src/domain/market'],
    packages: ['node:buffer'],
  },
  'src/domain/ledger': {
    imports: ['src/domain', 'src/domain/canonical', 'src/domain/tape'],
    types: ['src/domain/decimal', 'src/domain/world/market'],
    packages: [],
  },
  // What is shown of a run; runs in the browser, too. Rows are handed to it, so it sees no port.
  'src/domain/report': {
    imports: [
      'src/domain',
      'src/domain/budget',
      'src/domain/canonical',
      'src/domain/codec',
      'src/domain/decimal',
      'src/domain/ledger',
      'src/domain/market',
      'src/domain/tape',
      'src/domain/world/file',
      'src/domain/world/market',
    ],
    packages: EITHER,
  },
  // The bill: limits and prices in, money out. It knows nothing of the rest of the domain.
  'src/domain/cost': {
    imports: ['src/domain', 'src/domain/budget', 'src/domain/codec', 'src/domain/decimal'],
    packages: [...EITHER, 'io-ts'],
  },
  // What agents do: tools, and the answers of the outside, live or recorded.
  'src/domain/agent': {
    imports: ['src/domain', 'src/domain/budget', 'src/domain/canonical', 'src/domain/codec', 'src/domain/decimal', 'src/ports'],
    types: ['src/domain/tape', 'src/domain/world/market'],
    packages: [...EITHER, 'io-ts'],
  },
  // The one loop. It knows no world but the seam.
  'src/domain/episode': {
    imports: [
      'src/domain',
      'src/domain/agent',
      'src/domain/budget',
      'src/domain/canonical',
      'src/domain/market',
      'src/domain/tape',
      'src/ports',
    ],
    types: ['src/domain/codec'],
    packages: FP,
  },
  'src/domain/run': { imports: [DOMAIN, 'src/ports'], packages: [...FP, 'io-ts'] },
  // Many runs from one spec: what they are, one of them, and what they come to. It is handed the market, and writes nothing.
  'src/domain/sweep': { imports: [DOMAIN], packages: [...EITHER, 'io-ts', ...PURE_RAND] },
  // Episodes that live across requests.
  'src/domain/session': { imports: [DOMAIN, 'src/ports'], packages: [...FP, 'io-ts'] },
  // The breakers and the tape around an agent that somebody else runs.
  'src/domain/guard': { imports: [DOMAIN, 'src/ports'], packages: [...FP, 'io-ts'] },

  // What an operator does to a place where runs are made.
  'src/domain/operator': { imports: ['src/ports'], packages: EITHER },

  // Receipts: statements about runs, signed. Facts about a run are handed to it.
  'src/domain/receipt': {
    imports: ['src/domain', 'src/domain/canonical', 'src/domain/codec'],
    packages: [...EITHER, 'io-ts'],
  },

  'src/ports': { imports: [], types: [DOMAIN], packages: FP },

  'src/adapters/in-process': { imports: [DOMAIN, 'src/ports', 'src/adapters', 'src/adapters/keys'], packages: [...FP, 'node:perf_hooks'] },
  'src/adapters/filesystem': {
    imports: [DOMAIN, 'src/ports', 'src/adapters', 'src/adapters/in-process'],
    packages: [
      ...FP,
      'csv-parse/sync',
      'csv-stringify/sync',
      'fflate',
      'jsonc-parser',
      'node:buffer',
      'node:crypto',
      'node:fs/promises',
      'node:module',
      'node:os',
      'node:path',
      'node:stream',
      'node:zlib',
    ],
  },

  // What all stores share: the grammar of their keys.
  'src/adapters': { imports: [DOMAIN], types: ['src/ports'], packages: FP },
  'src/adapters/aws': { imports: [DOMAIN, 'src/ports'], packages: [...FP, 'node:http'] },
  'src/adapters/s3': {
    imports: [DOMAIN, 'src/ports', 'src/adapters', 'src/adapters/aws'],
    packages: [...FP, '@aws-sdk/client-s3', 'node:crypto', 'node:stream'],
  },
  'src/adapters/step-functions': {
    imports: ['src/ports', 'src/adapters/aws'],
    packages: [...EITHER, '@aws-sdk/client-sfn'],
  },
  'src/adapters/agentcore': {
    imports: [DOMAIN, 'src/ports', 'src/adapters/aws'],
    packages: [...FP, '@aws-sdk/client-bedrock-agentcore', 'node:stream'],
  },
  // Traces: headers that go along, and spans that are written.
  'src/adapters/otel': { imports: [DOMAIN, 'src/ports'], packages: ['node:async_hooks', 'node:crypto'] },
  // The engine that runs world files.
  'src/adapters/quickjs': { imports: [DOMAIN, 'src/ports'], packages: [...EITHER, '@jitl/quickjs-wasmfile-release-sync/wasm'] },
  // Time zones by name.
  'src/adapters/zones': { imports: [DOMAIN], packages: ['moment-timezone/builds/moment-timezone-with-data-1970-2030'] },
  // Keys in PEM and in AWS KMS.
  'src/adapters/keys': { imports: ['src/ports'], packages: [...FP, 'node:crypto'] },
  'src/adapters/kms': {
    imports: ['src/ports', 'src/adapters/aws', 'src/adapters/keys'],
    packages: [...FP, '@aws-sdk/client-kms', 'node:crypto'],
  },
  'src/adapters/lambda': {
    imports: ['src/ports', 'src/adapters/aws'],
    packages: [...FP, '@aws-sdk/client-lambda'],
  },
  'src/adapters/proxy': {
    imports: [],
    packages: ['agent-base', 'http-proxy-agent', 'https-proxy-agent', 'node:http', 'node:https', 'node:stream', 'proxy-from-env'],
  },
  'src/adapters/powertools': {
    imports: [DOMAIN, 'src/ports'],
    packages: ['@aws-lambda-powertools/logger', '@aws-lambda-powertools/metrics'],
  },

  // The table lets the top folder import adapters; the rule on compose*.ts below narrows it to those files.
  'src/handlers': {
    imports: [
      DOMAIN,
      'src/ports',
      'src/adapters/**',
      'src/handlers/alarm',
      'src/handlers/http/**',
      'src/handlers/mcp',
      'src/handlers/server',
    ],
    packages: [...FP, 'io-ts', 'node:os', 'node:path'],
  },
  // The API, from the inside out: what is said over it, how it travels, and what is done. The composition hands them what they need.
  'src/handlers/http/contract': {
    // The bundled examples are part of the API.
    imports: [DOMAIN, 'src/ports', 'examples/**'],
    packages: [...FP, 'io-ts'],
  },
  'src/handlers/http/edge': {
    imports: [DOMAIN, 'src/ports', 'src/handlers/http/contract'],
    packages: ['@middy/core', '@middy/http-json-body-parser', 'aws-lambda', 'node:http', 'node:perf_hooks'],
  },
  'src/handlers/http/modes': { imports: [DOMAIN, 'src/ports', 'src/handlers/http/contract', 'src/handlers/http/edge'], packages: FP },
  // Sessions as tools: the acts of the API under the protocol of agents.
  // A page is what it shows in a client.
  'src/handlers/mcp': {
    imports: [DOMAIN, 'src/ports', 'src/handlers/http/**', 'src/handlers/page'],
    packages: [...EITHER, '@modelcontextprotocol/server', 'io-ts'],
  },
  // What pulls the stop switch where an alarm says so: no function of the API.
  'src/handlers/alarm': { imports: [DOMAIN, 'src/ports'], packages: [] },
  'src/handlers/lambda': { imports: ['src/handlers'], packages: [] },
  // The examples beside its forms are those of the API.
  'src/handlers/server': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/http/**', 'src/handlers/page', 'src/handlers/page/markup', 'examples/**'],
    packages: [...FP, 'aws-lambda', 'node:crypto', 'node:http', 'node:net'],
  },
  // What makes a page of a run: the command line and the server hand it what they read.
  'src/handlers/page': { imports: [DOMAIN, 'src/handlers/page/markup'], packages: ['node:util', 'node:zlib'] },
  // Parts of pages as data: runs on the server and in the browser.
  'src/handlers/page/markup': { imports: [], packages: [] },
  // The program inside a page: runs in a browser, so it sees of the domain what needs no Node.
  'src/handlers/page/browser': {
    imports: ['src/domain/report', 'src/handlers/page/markup', 'src/handlers/page/browser/**'],
    packages: [],
  },
  'src/handlers/page/browser/shared': {
    imports: [
      'src/domain/budget',
      'src/domain/decimal',
      'src/domain/receipt',
      'src/domain/report',
      'src/domain/tape',
      'src/handlers/page/markup',
    ],
    types: ['src/domain/world/market'],
    packages: EITHER,
  },
  'src/handlers/page/browser/charts': {
    imports: ['src/domain/decimal', 'src/domain/report', 'src/handlers/page/browser/shared'],
    packages: ['lightweight-charts'],
  },
  'src/handlers/page/browser/proof': {
    imports: [
      'src/domain/budget',
      'src/domain/canonical',
      'src/domain/decimal',
      'src/domain/receipt',
      'src/domain/report',
      'src/domain/tape',
      'src/handlers/page/browser/shared',
    ],
    packages: [],
  },
  'src/handlers/page/browser/app': { imports: ['src/handlers/page/browser/shared'], packages: [] },
  'src/handlers/page/browser/play': { imports: ['src/domain/budget', 'src/handlers/page/browser/shared'], packages: [] },
  'src/handlers/page/browser/sweep': {
    imports: ['src/domain/report', 'src/handlers/page/browser/shared', 'src/handlers/page/browser/views'],
    packages: [],
  },
  'src/handlers/page/browser/views': {
    imports: [
      'src/domain/budget',
      'src/domain/decimal',
      'src/domain/report',
      'src/handlers/page/browser/charts',
      'src/handlers/page/browser/shared',
    ],
    packages: [],
  },
  // The package as others import it. The contract suites are part of it: an adapter of somebody else's has to pass them, too.
  'src/handlers/library': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'test/contracts/**'],
    packages: [...FP, '@langchain/core/messages', '@strands-agents/sdk', 'ai', 'langchain'],
  },
  // The command line: the program, and a folder a subject. The program hands each command its composition.
  'src/handlers/cli': { imports: [DOMAIN, 'src/handlers', 'src/handlers/cli/**'], packages: [...EITHER, 'commander', 'node:module'] },
  'src/handlers/cli/shared': {
    imports: [DOMAIN, 'src/ports', 'src/handlers'],
    types: ['src/adapters/**'],
    packages: [...EITHER, 'cli-progress', 'node:*'],
  },
  'src/handlers/cli/run': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/page', 'src/handlers/cli/shared'],
    packages: [...EITHER, 'commander', 'simple-ascii-chart', 'node:path'],
  },
  'src/handlers/cli/sweep': {
    imports: [
      DOMAIN,
      'src/ports',
      'src/handlers',
      'src/handlers/page',
      'src/handlers/cli/run',
      'src/handlers/cli/shared',
      'src/handlers/cli/sweep/remote',
    ],
    packages: [...EITHER, 'commander', 'node:*', 'piscina', 'pure-rand/distribution/uniformInt'],
  },
  // The same beyond this machine: the bill and the trust of the API's clients come in.
  'src/handlers/cli/sweep/remote': {
    imports: [
      DOMAIN,
      'src/ports',
      'src/handlers',
      'src/handlers/cli/api',
      'src/handlers/cli/cost',
      'src/handlers/cli/shared',
      'src/handlers/cli/sweep',
    ],
    packages: [...EITHER, 'node:path'],
  },
  'src/handlers/cli/proof': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/cli/session', 'src/handlers/cli/shared', 'src/handlers/cli/sweep'],
    packages: [...EITHER, 'commander', 'csv-stringify/sync', 'node:*'],
  },
  'src/handlers/cli/export': {
    imports: [DOMAIN, 'src/handlers/cli/shared'],
    packages: [...EITHER, 'commander'],
  },
  'src/handlers/cli/world': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/cli/shared'],
    packages: [...FP, 'commander', 'fast-check', 'node:child_process'],
  },
  'src/handlers/cli/market': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/cli/shared'],
    types: ['src/adapters/**'],
    packages: [...EITHER, 'commander'],
  },
  // The price table is Terraform's, too.
  'src/handlers/cli/cost': {
    imports: [DOMAIN, 'src/handlers', 'src/handlers/cli/shared', 'terraform'],
    packages: [...EITHER, 'commander', 'node:fs'],
  },
  'src/handlers/cli/operator': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/cli/shared'],
    packages: [...EITHER, 'commander'],
  },
  'src/handlers/cli/session': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/server', 'src/handlers/cli/api', 'src/handlers/cli/shared'],
    packages: [...EITHER, 'commander', 'node:*'],
  },
  'src/handlers/cli/api': {
    imports: [DOMAIN, 'src/ports', 'src/handlers', 'src/handlers/server', 'src/handlers/http/**', 'src/handlers/cli/shared'],
    types: ['src/adapters/**'],
    packages: [...EITHER, '@aws-sdk/credential-provider-node', '@smithy/core/checksum', '@smithy/signature-v4', 'commander', 'node:*'],
  },

  'src/handlers/cli/mcp': {
    imports: [
      DOMAIN,
      'src/ports',
      'src/handlers',
      'src/handlers/cli/api',
      'src/handlers/cli/session',
      'src/handlers/cli/shared',
      'src/handlers/http/**',
      'src/handlers/mcp',
    ],
    packages: [...EITHER, '@modelcontextprotocol/client', '@modelcontextprotocol/server/stdio', 'commander', 'node:crypto'],
  },

  test: { imports: [], packages: ['node:*', 'typescript'] },
  'test/domain/**': {
    imports: [DOMAIN, 'src/ports', 'src/adapters/in-process', 'test/support'],
    packages: [...TEST_PACKAGES, 'ajv/dist/2020'],
  },
  'test/golden': { imports: [DOMAIN, 'src/ports', 'src/adapters/in-process', 'test/support'], packages: TEST_PACKAGES },
  'test/simulation': { imports: [DOMAIN, 'src/ports', 'src/adapters/in-process', 'test/support'], packages: [...TEST_PACKAGES, 'esbuild'] },
  'test/support': { imports: ['src/**'], packages: [...TEST_PACKAGES, ...AWS_SDK, ...MCP_CLIENTS, '@smithy/core/schema', 'esbuild'] },
  'test/contracts/**': { imports: [DOMAIN, 'src/ports', 'src/adapters/**', 'test/support'], packages: TEST_PACKAGES },
  'test/adapters/**': {
    imports: [DOMAIN, 'src/ports', 'src/adapters/**', 'test/support', 'test/contracts/**'],
    packages: [...TEST_PACKAGES, ...AWS_SDK, 'fflate'],
  },
  'test/handlers/**': {
    imports: ['src/**', 'test/support', 'examples/**', 'terraform'],
    packages: [...TEST_PACKAGES, ...AWS_SDK, '@modelcontextprotocol/server/stdio', 'ajv/dist/2020', 'esbuild', 'fflate'],
  },
  'test/browser': { imports: ['src/**', 'test/support', 'examples/**'], packages: [...TEST_PACKAGES, 'axe-core', 'playwright-core'] },
  'test/e2e': { imports: ['src/**', 'test/support'], packages: [...TEST_PACKAGES, 'esbuild'] },
  // What is deployed, under the programs that it is deployed with.
  'test/infra': {
    imports: ['src/**', 'test/support'],
    packages: [...TEST_PACKAGES, ...CONTROL_PLANE, 'fflate'],
  },
  'test/bench': { imports: ['src/**', 'test/support', 'test/infra'], packages: [...TEST_PACKAGES, '@aws-sdk/client-s3'] },
};

/** The folders of the domain whose files take ports. */
const SEE_PORTS = [
  'src/domain/agent',
  'src/domain/episode',
  'src/domain/guard',
  'src/domain/operator',
  'src/domain/run',
  'src/domain/session',
  'src/domain/world/file',
];

/** The composition roots: one for the command line, and one for each part of the program that must not carry the adapters of another. */
const COMPOSE = /^src\/handlers\/compose(-[a-z]+)?\.ts$/;

/** Files with a rule of their own, narrower than that of their folder. */
const FILES: Readonly<Record<string, { readonly imports: readonly string[]; readonly instead: string }>> = {
  'test/support/reference-model.ts': {
    imports: ['node:crypto'],
    instead:
      'the model shares no code with src/, nor with anything that does: agreement with it would be no evidence. Write it again, slowly, from docs/spec.md',
  },
  'test/support/reference-plans.ts': {
    imports: ['./reference-model'],
    instead: 'the model of plans shares no code with src/. Write it again, slowly, from docs/spec.md',
  },
  'test/simulation/ledger.ts': {
    imports: ['node:assert/strict'],
    instead: 'the ledger of the simulator shares no code with src/. Write it again, slowly, from docs/spec.md',
  },
  'test/support/bill-model.ts': {
    imports: [],
    instead: 'the model of the bill shares no code with src/. Write it again, slowly, from docs/cost.md',
  },
  'test/support/world-models.ts': {
    imports: [],
    instead:
      'the models of the worlds that ship share no code with src/, nor with the worlds. Write them again, slowly, from their READMEs',
  },
  'test/support/arbitraries.ts': {
    imports: ['fast-check', './reference-model'],
    instead: 'random cases are documents; build them from the reference model alone',
  },
};

/** The only files that may import a package of the runtime inside the domain. */
const DOORS: Readonly<Record<string, { readonly files: readonly string[]; readonly instead: string }>> = {
  'node:crypto': { files: ['src/domain/hash.ts'], instead: 'use sha256Hex, sha256HexOfBytes or makeDigest of src/domain/hash.ts' },
  'node:buffer': {
    files: ['src/domain/bytes.ts', 'src/domain/tape/row-buffer.ts'],
    instead: 'use src/domain/bytes.ts, or a Uint8Array with TextEncoder and TextDecoder',
  },
};

// ---- What is banned inside the domain ----

const CLOCK = 'no clock in the domain: time comes in with the market, as data; a deadline is a budget of the handler';
const RANDOM = 'no randomness in the domain: take a seed, as src/domain/market/generate.ts does with pure-rand';
const OUTPUT = 'the domain prints nothing: return a value, and let the handler print it';
const ENVIRONMENT = 'no environment in the domain: take the value as an argument; src/handlers reads the configuration';
const LOCALE = 'no locale in the domain: formatDecimal writes numbers, and text compares by its UTF-16 code units';
const IO = 'no I/O in the domain: declare a port in src/ports and let src/domain/run take it';
const FLOAT = 'no float parsing in the domain: decimalFromText or decimalFromJson of src/domain/decimal reads amounts exactly';
const CANONICAL = 'JSON.stringify has no fixed form: use canonical or canonicalString of src/domain/canonical';
const DYNAMIC = 'import statically, so that this table sees it';

const GLOBALS: Readonly<Record<string, string>> = {
  Date: CLOCK,
  performance: CLOCK,
  setTimeout: CLOCK,
  setInterval: CLOCK,
  setImmediate: CLOCK,
  crypto: RANDOM,
  console: OUTPUT,
  process: ENVIRONMENT,
  globalThis: ENVIRONMENT,
  global: ENVIRONMENT,
  __dirname: ENVIRONMENT,
  __filename: ENVIRONMENT,
  Intl: LOCALE,
  fetch: IO,
  parseFloat: FLOAT,
  Buffer: DOORS['node:buffer']?.instead ?? '',
  require: DYNAMIC,
  eval: DYNAMIC,
};

/** Whole numbers and comparisons: the same on every machine. Everything else of `Math` may differ in the last digit. */
const EXACT_MATH = ['abs', 'ceil', 'floor', 'imul', 'max', 'min', 'round', 'sign', 'trunc'];

const METHODS: Readonly<Record<string, string>> = {
  toFixed: LOCALE,
  toPrecision: LOCALE,
  toExponential: LOCALE,
  toLocaleString: LOCALE,
  toLocaleUpperCase: LOCALE,
  toLocaleLowerCase: LOCALE,
  localeCompare: LOCALE,
  parseFloat: FLOAT,
};

/** `Number(x)` where x is a bigint or a run of digits that a double holds exactly; each of these says so beside the call. */
const EXACT_NUMBER_FILES = [
  'src/domain/decimal/decimal.ts',
  'src/domain/budget/prices.ts',
  'src/domain/tape/row-buffer.ts',
  'src/domain/market/generate.ts',
];

// ---- The check ----

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  /** Loaded when it is needed, by a call. */
  readonly lazy?: true;
}

/** What breaks the rules in one file, a sentence each. */
function check(path: string, source: string): readonly string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const complaints = [
    ...importsOf(file).flatMap((found) => importComplaints(path, found)),
    ...(inside(path, DOMAIN) ? domainComplaints(path, file) : []),
    ...(path.startsWith('src/') ? nameComplaints(file) : []),
  ];
  return complaints.map((complaint) => `${path}: ${complaint}`);
}

function importsOf(file: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      found.push({ from: node.moduleSpecifier.text, typeOnly: importsTypesOnly(node.importClause) });
    if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier))
      found.push({ from: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal))
      found.push({ from: node.argument.literal.text, typeOnly: true });
    if (ts.isCallExpression(node)) {
      const [argument] = node.arguments;
      const loads =
        node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === 'require');
      if (loads && argument !== undefined && ts.isStringLiteral(argument)) found.push({ from: argument.text, typeOnly: false, lazy: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Of these files, those that one imports; what a command loads when it is given is none of its parts. */
function importedFiles(path: string, among: readonly string[]): readonly string[] {
  const file = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest, true);
  return importsOf(file)
    .filter(({ from, lazy }) => lazy !== true && from.startsWith('.'))
    .map(({ from }) => `${posix.join(posix.dirname(path), from)}.ts`)
    .filter((target) => among.includes(target));
}

/** Every file that one leads to. */
function reachable(path: string, imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [...(imports.get(path) ?? [])];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    next.push(...(imports.get(at) ?? []));
  }
  return found;
}

function importsTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
}

function importComplaints(path: string, { from, typeOnly }: Import): readonly string[] {
  const folder = posix.dirname(path);
  const rule = ruleOf(folder);
  if (rule === undefined) return [`the folder ${folder} is not in the table of test/architecture.test.ts: say there what it may import`];
  const own = FILES[path];
  if (own !== undefined && !own.imports.includes(from)) return [`may not import ${from}: ${own.instead}`];

  if (!from.startsWith('.')) {
    const complaints: string[] = [];
    const door = inside(path, DOMAIN) ? DOORS[from] : undefined;
    if (door !== undefined && !door.files.includes(path)) complaints.push(`may not import ${from}: ${door.instead}`);
    else if (!rule.packages.some((allowed) => packageMatches(from, allowed))) {
      const instead = inside(path, DOMAIN)
        ? 'the domain is pure; put a port before it (src/ports) and an adapter behind that'
        : `these are: ${rule.packages.join(', ') || 'none'}`;
      complaints.push(`the package ${from} is not in the table for ${folder}: ${instead}`);
    }
    return complaints;
  }

  const target = posix.join(folder, from);
  const targetFolder = posix.dirname(target);
  if (inside(path, DOMAIN) && targetFolder === 'src/ports' && !SEE_PORTS.includes(folder)) {
    return [
      `may not import src/ports, not even a type: take the value as an argument; only the use cases (${SEE_PORTS.join(', ')}) see ports`,
    ];
  }
  if (path.startsWith('src/handlers/') && targetFolder.startsWith('src/adapters') && !typeOnly && !COMPOSE.test(path)) {
    return [
      `may not import ${target}: take it from src/handlers/compose.ts or its neighbours compose-*.ts, the only places that name adapters; types are free`,
    ];
  }
  if (targetFolder === folder || rule.imports.some((allowed) => inside(target, allowed))) return [];
  if (rule.types?.some((allowed) => inside(target, allowed)) === true) {
    return typeOnly ? [] : [`may import types from ${targetFolder}, and no value: write "import type", or move what you need inward`];
  }
  return [
    `may not import ${targetFolder}: ${folder} sees ${[...rule.imports, ...(rule.types ?? []).map((allowed) => `${allowed} (types)`)].join(', ') || 'nothing but itself'}`,
  ];
}

/** Words of nobody's field, and what the field says. */
const WORDS: Readonly<Record<string, string>> = {
  told: 'report, describe, detected or answer',
  said: 'output, outcome, message or stated',
  asked: 'requested, request or calls',
  settle: 'charge',
  settled: 'charged or drained',
  conclude: 'respond',
  admitted: 'authorized',
  shelf: 'catalog',
};

/** Declared names that have a private word in them. */
function nameComplaints(file: ts.SourceFile): readonly string[] {
  const complaints: string[] = [];
  const visit = (node: ts.Node): void => {
    const name =
      ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node) || isNamedStatement(node) ? node.name : undefined;
    if (name !== undefined && ts.isIdentifier(name)) {
      const words = name.text.split(/(?=[A-Z][a-z])|_/).map((word) => word.toLowerCase());
      for (const word of words)
        if (Object.hasOwn(WORDS, word)) complaints.push(`${name.text}: a name of the field instead of "${word}": ${WORDS[word] ?? ''}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return complaints;
}

type NamedStatement = ts.FunctionDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

function isNamedStatement(node: ts.Node): node is NamedStatement {
  return ts.isFunctionDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function exportedTypes(source: string): readonly string[] {
  return ts
    .createSourceFile('', source, ts.ScriptTarget.Latest)
    .statements.flatMap((statement) =>
      (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
        ? [statement.name.text]
        : [],
    );
}

function domainComplaints(path: string, file: ts.SourceFile): readonly string[] {
  const complaints: string[] = [];
  const say = (node: ts.Node, what: string, instead: string): void => {
    complaints.push(`line ${String(file.getLineAndCharacterOfPosition(node.getStart()).line + 1)}: ${what}: ${instead}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && Object.hasOwn(GLOBALS, node.text) && isReference(node) && !isImported(file, node.text))
      say(node, node.text, GLOBALS[node.text] ?? '');
    if (ts.isPropertyAccessExpression(node)) {
      const [object, member] = [ts.isIdentifier(node.expression) ? node.expression.text : '', node.name.text];
      if (object === 'Math' && member === 'random') say(node, 'Math.random', RANDOM);
      else if (object === 'Math' && !EXACT_MATH.includes(member))
        say(node, `Math.${member}`, 'not the same on every machine: integers and bigint are');
      else if (object === 'JSON' && member === 'stringify' && !path.startsWith('src/domain/canonical/'))
        say(node, 'JSON.stringify', CANONICAL);
      else if (Object.hasOwn(METHODS, member)) say(node, `.${member}`, METHODS[member] ?? '');
    }
    if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression) && ['Math', 'JSON'].includes(node.expression.text))
      say(node, `${node.expression.text}[...]`, 'name the member, so that this test sees it');
    const isCall = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Number';
    if (isCall && !EXACT_NUMBER_FILES.includes(path)) say(node, 'Number(...)', FLOAT);
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.PlusToken) say(node, 'a unary plus', FLOAT);
    if (ts.isNumericLiteral(node) && !Number.isSafeInteger(Number(node.text)))
      say(node, node.getText(), 'no fractions in a double: exactDecimal of src/domain/decimal holds them exactly');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) say(node, 'import(...)', DYNAMIC);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return complaints;
}

/** The global itself: not the name of a member, a key or a type member that happens to be called so. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isMethodDeclaration(parent))
    return parent.name !== node;
  return !ts.isQualifiedName(parent) && !ts.isBindingElement(parent);
}

/** Imported names are the business of the import rules. */
function isImported(file: ts.SourceFile, name: string): boolean {
  return file.statements.some((statement) => {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    return bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.some((element) => element.name.text === name);
  });
}

function ruleOf(folder: string): FolderRule | undefined {
  const exact = Object.hasOwn(FOLDERS, folder) ? FOLDERS[folder] : undefined;
  return exact ?? Object.entries(FOLDERS).find(([pattern]) => pattern.endsWith('/**') && inside(`${folder}/x`, pattern))?.[1];
}

/** Whether a path (of a file, without regard to its ending) lies in a folder; `/**` takes everything below. */
function inside(path: string, folder: string): boolean {
  return folder.endsWith('/**') ? path.startsWith(folder.slice(0, -2)) : posix.dirname(path) === folder;
}

/** The package behind an import; `aws-lambda` is types only, of DefinitelyTyped. */
function installedAs(name: string): string {
  if (name === 'aws-lambda') return '@types/aws-lambda';
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function packageMatches(name: string, allowed: string): boolean {
  return allowed === 'node:*' ? name.startsWith('node:') : name === allowed;
}

// ---- The tree as it stands ----

const ROOT = join(__dirname, '..');

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

const files = [...sourceFiles('src'), ...sourceFiles('test')];

describe('the tree', () => {
  test.each(files)('%s', (path) => {
    expect(check(path, readFileSync(join(ROOT, path), 'utf8'))).toEqual([]);
  });

  test('no file of the handlers leads back to itself through its imports, types included', () => {
    const handlers = files.filter((path) => path.startsWith('src/handlers/'));
    const imports = new Map(handlers.map((path) => [path, importedFiles(path, handlers)]));
    expect(handlers.filter((path) => reachable(path, imports).has(path))).toEqual([]);
  });

  test('every folder with a source file is in the table', () => {
    expect([...new Set(files.map((path) => dirname(path)))].filter((folder) => ruleOf(folder) === undefined)).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  test('no line of the table is for a folder, a file or a package that does not exist', () => {
    const folders = files.map((path) => dirname(path));
    const unused = Object.keys(FOLDERS).filter(
      (folder) => !folders.some((known) => (folder.endsWith('/**') ? `${known}/`.startsWith(folder.slice(0, -2)) : known === folder)),
    );
    expect(unused).toEqual([]);
    const named = [
      ...Object.keys(FILES),
      ...Object.values(DOORS).flatMap((door) => door.files),
      ...EXACT_NUMBER_FILES,
      'src/handlers/compose.ts',
    ];
    expect(named.filter((path) => !files.includes(path))).toEqual([]);
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> };
    const packages = Object.values(FOLDERS).flatMap((rule) => rule.packages);
    const known = (name: string): boolean =>
      name === 'node:*' || builtinModules.includes(name.replace('node:', '')) || installedAs(name) in devDependencies;
    expect(packages.filter((name) => !known(name))).toEqual([]);
  });

  test('an exported type of the program has its name to itself: a second one needs another', () => {
    const places = new Map<string, string[]>();
    for (const path of files.filter((file) => file.startsWith('src/')))
      for (const name of exportedTypes(readFileSync(join(ROOT, path), 'utf8'))) places.set(name, [...(places.get(name) ?? []), path]);
    expect([...places].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });

  test('nothing is installed with the package: its bundles hold what it needs, so every dependency is one of development', () => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
    expect(dependencies).toEqual({});
  });
});

// ---- A fixture for each rule ----

describe('what breaks a rule is found, with what to do instead', () => {
  test('an exported type is seen, one of the file alone is not', () => {
    expect(exportedTypes('export interface A {}\nexport type B = 1;\ninterface C {}\nexport const D = 1;')).toEqual(['A', 'B']);
  });

  test.each<[string, string, string, string]>([
    [
      'a folder that is not in the table',
      'src/adapters/dynamodb/store.ts',
      `import { x } from '../memory/x';`,
      'the folder src/adapters/dynamodb is not in the table',
    ],
    [
      'a domain folder that looks outward',
      'src/domain/decimal/x.ts',
      `import { x } from '../world/market/state';`,
      'may not import src/domain/world/market: src/domain/decimal sees src/domain',
    ],
    ['a private word in a name', 'src/domain/decimal/x.ts', `export function toldBy(): void {}`, 'a name of the field instead of "told"'],
    ['a private word in a constant', 'src/domain/decimal/x.ts', `const ASKED_FOR = 1;`, 'a name of the field instead of "asked"'],
    ['a re-export', 'src/domain/decimal/x.ts', `export { x } from '../world/market/state';`, 'may not import src/domain/world/market'],
    ['an import for its effects', 'src/domain/decimal/x.ts', `import '../world/market/state';`, 'may not import src/domain/world/market'],
    [
      'a type in a type',
      'src/domain/decimal/x.ts',
      `export type X = import('../world/market/state').State;`,
      'may not import src/domain/world/market',
    ],
    [
      'a value where types are allowed',
      'src/domain/ledger/x.ts',
      `import { fill } from '../decimal/decimal';`,
      'may import types from src/domain/decimal, and no value: write "import type"',
    ],
    [
      'a value among types',
      'src/domain/ledger/x.ts',
      `import { type Fill, fill } from '../decimal/decimal';`,
      'may import types from src/domain/decimal, and no value',
    ],
    [
      'a port in the domain',
      'src/domain/world/market/x.ts',
      `import { RUN_FILES } from '../../../ports/run-files';`,
      'only the use cases (src/domain/agent, src/domain/episode, src/domain/guard, src/domain/operator, src/domain/run, src/domain/session, src/domain/world/file) see ports',
    ],
    [
      'a type of a port in the domain',
      'src/domain/world/market/x.ts',
      `import type { RunFile } from '../../../ports/run-files';`,
      'not even a type',
    ],
    [
      'an adapter in the domain',
      'src/domain/run/x.ts',
      `import { x } from '../../adapters/in-process/run-files';`,
      'may not import src/adapters/in-process',
    ],
    [
      'a handler in an adapter',
      'src/adapters/in-process/x.ts',
      `import { local } from '../../handlers/compose';`,
      'may not import src/handlers',
    ],
    ['a value in a port', 'src/ports/x.ts', `import { assert } from '../domain/assert';`, 'may import types from src/domain, and no value'],
    [
      'an adapter in a command',
      'src/handlers/cli/market/x.ts',
      `import { x } from '../../../adapters/filesystem/byte-source';`,
      'take it from src/handlers/compose.ts',
    ],
    [
      'an adapter in another file of the handlers',
      'src/handlers/config.ts',
      `import { x } from '../adapters/filesystem/byte-source';`,
      'take it from src/handlers/compose.ts',
    ],
    [
      'an adapter loaded late',
      'src/handlers/cli/market/x.ts',
      `const x = await import('../../../adapters/filesystem/byte-source');`,
      'take it from src/handlers/compose.ts',
    ],
    ['a test in the program', 'src/domain/run/x.ts', `import { x } from '../../../test/support/harness';`, 'may not import test/support'],
    [
      'a file adapter in a domain test',
      'test/domain/run/x.test.ts',
      `import { x } from '../../../src/adapters/filesystem/byte-source';`,
      'may not import src/adapters/filesystem',
    ],
    [
      'the program in the reference model',
      'test/support/reference-model.ts',
      `import { mul } from '../../src/domain/decimal/decimal';`,
      'Write it again, slowly, from docs/spec.md',
    ],
    [
      'a package in the domain',
      'src/domain/market/x.ts',
      `import { parse } from 'csv-parse/sync';`,
      'the package csv-parse/sync is not in the table for src/domain/market: the domain is pure',
    ],
    ['a file system in the domain', 'src/domain/run/x.ts', `import { readFile } from 'node:fs/promises';`, 'put a port before it'],
    [
      'more of fp-ts than Either and TaskEither',
      'src/domain/run/x.ts',
      `import { pipe } from 'fp-ts/function';`,
      'the package fp-ts/function is not in the table',
    ],
    ['a package in an adapter', 'src/adapters/filesystem/x.ts', `import { S3 } from '@aws-sdk/client-s3';`, 'these are: fp-ts/Either'],
    ['hashing past the door', 'src/domain/run/x.ts', `import { createHash } from 'node:crypto';`, 'use sha256Hex'],
    ['a Buffer past the door', 'src/domain/run/x.ts', `import { Buffer } from 'node:buffer';`, 'use src/domain/bytes.ts'],
    ['a Buffer from nowhere', 'src/domain/run/x.ts', `const x = Buffer.from('a');`, 'use src/domain/bytes.ts'],
    ['a clock', 'src/domain/run/x.ts', `const t = Date.now();`, 'line 1: Date: no clock in the domain'],
    ['a new date', 'src/domain/run/x.ts', `const t = new Date();`, 'no clock in the domain'],
    ['a stopwatch', 'src/domain/run/x.ts', `const t = performance.now();`, 'no clock in the domain'],
    ['a timer', 'src/domain/run/x.ts', `setTimeout(() => undefined, 1);`, 'no clock in the domain'],
    ['chance', 'src/domain/run/x.ts', `const x = Math.random();`, 'take a seed'],
    ['chance of the runtime', 'src/domain/run/x.ts', `const x = crypto.randomUUID();`, 'take a seed'],
    ['a transcendental function', 'src/domain/run/x.ts', `\n\nconst x = Math.exp(1);`, 'line 3: Math.exp: not the same on every machine'],
    ['a power of floats', 'src/domain/run/x.ts', `const x = Math.pow(10, 3);`, 'not the same on every machine'],
    ['a hidden member', 'src/domain/run/x.ts', `const x = Math['exp'](1);`, 'name the member'],
    ['the environment', 'src/domain/run/x.ts', `const x = process.env['HOME'];`, 'take the value as an argument'],
    ['the environment by another name', 'src/domain/run/x.ts', `const x = globalThis.process;`, 'take the value as an argument'],
    ['a word on the console', 'src/domain/run/x.ts', `console.log('here');`, 'let the handler print it'],
    ['a locale', 'src/domain/run/x.ts', `const x = new Intl.NumberFormat();`, 'no locale in the domain'],
    ['an order that depends on the locale', 'src/domain/run/x.ts', `const x = 'a'.localeCompare('b');`, 'no locale in the domain'],
    ['a rounded text', 'src/domain/run/x.ts', `const x = (1).toFixed(2);`, 'formatDecimal writes numbers'],
    ['a float parsed', 'src/domain/run/x.ts', `const x = parseFloat('1.5');`, 'no float parsing'],
    ['a float parsed by Number', 'src/domain/run/x.ts', `const x = Number('1.5');`, 'no float parsing'],
    ['a float parsed by Number.parseFloat', 'src/domain/run/x.ts', `const x = Number.parseFloat('1.5');`, 'no float parsing'],
    ['a float parsed by a plus', 'src/domain/run/x.ts', `const x = +'1.5';`, 'no float parsing'],
    ['a fraction in a double', 'src/domain/run/x.ts', `const x = 0.1;`, 'exactDecimal'],
    ['JSON without a fixed form', 'src/domain/run/x.ts', `const x = JSON.stringify({});`, 'use canonical'],
    ['a network', 'src/domain/run/x.ts', `const x = await fetch('x');`, 'declare a port'],
    ['a late import', 'src/domain/run/x.ts', `const x = await import('./engine');`, 'import statically'],
    ['a require', 'src/domain/run/x.ts', `const x = require('./engine');`, 'import statically'],
  ])('%s', (_name, path, source, complaint) => {
    const complaints = check(path, source);
    expect(complaints.join('\n')).toContain(complaint);
    expect(complaints.join('\n')).toContain(`${path}: `);
  });

  test.each<[string, string, string]>([
    [
      'types of an adapter in a command',
      'src/handlers/cli/market/x.ts',
      `import type { ByteStream } from '../../../adapters/filesystem/byte-source';`,
    ],
    ['adapters in the composition root', 'src/handlers/compose.ts', `import { x } from '../adapters/filesystem/byte-source';`],
    ['ports in a use case', 'src/domain/run/x.ts', `import { RUN_FILES } from '../../ports/run-files';`],
    ['types only, one by one', 'src/domain/world/market/x.ts', `import { type Fill, type Side } from '../../ledger/fill';`],
    ['hashing in its door', 'src/domain/hash.ts', `import { hash } from 'node:crypto';`],
    ['the canonical encoder', 'src/domain/canonical/canonical.ts', `const x = JSON.stringify('x');`],
    ['whole numbers', 'src/domain/run/x.ts', `const x = Math.max(1e8, 2) + Math.floor(3);`],
    [
      'a member that is called like a global',
      'src/domain/run/x.ts',
      `const x = { process: 1, Date: 2 }; export const y = x.process + x.Date; interface Z { readonly performance: number }`,
    ],
    ['a comment on Date.now() and a text about process.env', 'src/domain/run/x.ts', `// Date.now()\nconst x = 'process.env';`],
  ])('and this is allowed: %s', (_name, path, source) => {
    expect(check(path, source)).toEqual([]);
  });
});
