/** `docs/configuration.md`, made of the table that decodes the environment; a test holds the file to it and writes it with UPDATE=1. */
import { DIMENSIONS } from '../domain/budget/dimensions';
import { DEFAULTS, LOCAL_MODEL_CALLS, type VariableName, VARIABLES } from './config';

interface Row {
  readonly means: string;
  readonly used: string;
}

const ROWS: Readonly<Record<VariableName, Row>> = {
  EWM_ARTIFACT_BUCKET: { used: 'all', means: 'Where artifacts are stored. Needed.' },
  EWM_ARTIFACT_PREFIX: { used: 'all', means: 'Put before every key, so that a bucket can be shared.' },
  EWM_STOP_KEY: {
    used: 'tools, memory, sessions',
    means:
      'Key of the stop switch in the bucket, whole. It is read before each request and before each act that leaves the process; what cannot be read counts as set. Left out: there is no switch.',
  },
  EWM_SPANS: {
    used: 'tools, memory, sessions, mcp',
    means:
      '`1`: spans of each request and of its calls in the log, a line of OTLP JSON for twenty of them, 100 a request at most ([deploy.md](deploy.md#traces)). Off otherwise.',
  },
  EWM_S3_PATH_STYLE: { used: 'all', means: '`1`: bucket in the path, for S3 look-alikes. Off otherwise.' },
  EWM_CONNECT_TIMEOUT_MS: { used: 'all', means: 'The longest a connection to AWS may take. Unit: ms.' },
  EWM_S3_TIMEOUT_MS: { used: 'all', means: 'The longest S3 may be silent. Unit: ms.' },
  ...ceilingRows(),
  ENABLE_AGENTCORE_MEMORY: {
    used: 'memory',
    means: '`1`: memory requests reach AgentCore Memory. Otherwise they answer `memory disabled`, and no client is made.',
  },
  EWM_MAX_BODY_BYTES: { used: 'all', means: 'The longest body that is read. Unit: bytes.' },
  EWM_MAX_ARTIFACT_BYTES: {
    used: 'all',
    means:
      'The most that the files of one run have together: with more, nothing is stored (413). Left out: no ceiling; a deployment sets 4 MiB (`max_artifact_bytes`). Unit: bytes.',
  },
  EWM_DAY_BUDGET: {
    used: 'all',
    means:
      'What one day (UTC) may grant to all requests and new sessions together, as JSON: `{"max_model_calls":50}`. What it does not name is not capped; an optional limit that it names has to be named by every request. What the day cannot grant is refused before anything is done (`"scope": "day"`). Left out: no cap.',
  },
  EWM_BASE_PATH: {
    used: 'all',
    means:
      'What may stand before every path, as the mapping of a domain or the rule of a proxy puts it there: `/v1` serves `/v1/agentcore/base`, too.',
  },
  EWM_CORS_ORIGINS: {
    used: 'all',
    means:
      'Origins whose pages may read answers. Left out: none. With an HTTP API, API Gateway answers preflights itself (`cors_origins` in Terraform).',
  },
  EWM_ENABLED: { used: 'all', means: 'What the whole deployment has, for `/health`; each function knows only what it uses itself.' },
  EWM_SIGNING_KEY: {
    used: 'all',
    means:
      'Switches receipts on: the key of AWS KMS (ECC_NIST_P256, SIGN_VERIFY) that signs each run, and each session at its seal. Needs the zip `<function>-signing.zip`.',
  },
  EWM_SIGN_SEGMENTS: { used: 'sessions', means: '`1`: each segment of a session is signed, not its last one alone.' },
  EWM_STORE_RESERVE_MS: { used: 'all', means: 'Kept back from the work of an invocation for storing what came of it. Unit: ms.' },
  AGENTCORE_MEMORY_ID: { used: 'memory', means: 'Which memory. Needed where memory is enabled.' },
  AGENTCORE_CODE_INTERPRETER_ID: { used: 'tools', means: 'Switches `execute_code` on. Left out: a call of it is a failed call.' },
  AGENTCORE_RUNTIME_ARN: {
    used: 'tools',
    means: 'Switches `propose_plan` on: the agent to ask. `EWM_MAX_MODEL_CALLS` has to allow it, too.',
  },
  AGENTCORE_RUNTIME_QUALIFIER: { used: 'tools', means: "The runtime's endpoint; the service's own default otherwise." },
  AGENTCORE_MEMORY_ACTOR_ID: { used: 'memory', means: 'Whose memory it is.' },
  EWM_AGENTCORE_TIMEOUT_MS: {
    used: 'tools, memory',
    means: 'The longest AgentCore may be silent; a program answers when it ends. Unit: ms.',
  },
};

const HEAD = `# Configuration

The Lambda functions read these variables once, when a container starts. A variable that is needed and missing, or set to something that
is not legal, ends the start with one line that names it. A variable set to nothing counts as left out. What is left out is small, or off.

The local server (\`ewm serve\`) reads the same ceilings; its ports are in the process, and it needs no variable at all. Its planner is a
script that costs nothing, so there \`EWM_MAX_MODEL_CALLS\` is ${String(LOCAL_MODEL_CALLS)} unless set.

| variable | function | legal | default | what it does |
| --- | --- | --- | --- | --- |
`;

const TAIL = `
Region, credentials and endpoints are those of the AWS SDK (\`AWS_REGION\`, \`AWS_ACCESS_KEY_ID\`, ..., \`AWS_ENDPOINT_URL_S3\`,
\`AWS_ENDPOINT_URL_BEDROCK_AGENTCORE\`). On Lambda the credentials are read from the environment and nowhere else
(\`docs/decisions/0009-lambda-bundles.md\`). There is no variable for retries: every client makes one attempt.

**Times.** An invocation's time is spent in this order: work, until \`EWM_STORE_RESERVE_MS\` and a quarter of a second are left (a call
of a plan is begun only with 2 s more); storing; the answer. With the defaults a tool or memory plan needs a Lambda timeout above 5.25 s to
begin at all. An HTTP API waits 30 s, so 29 s is the longest timeout that makes sense.

**When a ceiling trips** (\`budget_above_ceiling\`): read \`error.limiter\`, compare \`error.requested\` with the ceilings of
\`GET /health\`, and raise that one only.
`;

export function configurationDoc(): string {
  const rows = (Object.keys(VARIABLES) as VariableName[]).map((name) => {
    const { used, means } = ROWS[name];
    return `| \`${name}\` | ${used} | ${VARIABLES[name].name} | ${defaultText(name)} | ${means} |\n`;
  });
  return HEAD + rows.join('') + TAIL;
}

function defaultText(name: VariableName): string {
  const value = DEFAULTS[name];
  if (value === undefined) return '';
  return value === false ? 'off' : `\`${String(value)}\``;
}

type CeilingVariable = (typeof DIMENSIONS)[keyof typeof DIMENSIONS]['variable'];

function ceilingRows(): Readonly<Record<CeilingVariable, Row>> {
  const rows = Object.values(DIMENSIONS).map(({ variable, limiter, unit, ...row }) => {
    const optional = 'ceiling' in row ? '' : ' Left out: no ceiling; set: a budget has to name the limit.';
    return [
      variable,
      {
        used: 'all',
        means: `Ceiling of \`${limiter}\`.${optional}${unit === 'Count' ? '' : ` Unit: ${unit === 'Bytes' ? 'bytes' : 'ms'}.`}`,
      },
    ];
  });
  return Object.fromEntries(rows) as Readonly<Record<CeilingVariable, Row>>;
}
