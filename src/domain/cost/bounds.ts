/** What AWS and this program bound whatever the function is. Each number says whose fact it is; docs/cost.md derives them. */

/** Lambda bills initialisation, and ends one that takes longer. Unit: ms. */
export const INIT_MS_MAX = 10_000n;

/** Lambda answers and takes 6 MB at most; the next whole number of bytes above every reading of that. Unit: bytes. */
export const LAMBDA_PAYLOAD_BYTES_MAX = 6_291_556n;

/** An HTTP API takes 10 MB at most. Unit: bytes. */
export const REQUEST_BYTES_MAX = 10_485_760n;
/** All headers of a request or of a response. Unit: bytes. */
export const HEADER_BYTES_MAX = 10_240n;
/** What is metered as one request, in the dearer reading of 512 KB. Unit: bytes. */
export const API_UNIT_BYTES = 512_000n;

/** An environment of Lambda takes this many invocations a second, however short they are. */
export const INVOCATIONS_PER_SECOND_MAX = 10n;

/** `ewm` lists no more calls than this in one request, whatever its budget is. */
export const CALLS_MAX = 1_000n;

/** The most requests of one memory operation: `MEMORY_REQUESTS_MAX` of its port. */
export const MEMORY_REQUESTS = 50n;

/** A session outlives the invocation that lost it by this much at most. Unit: seconds. */
export const SESSION_GRACE_SECONDS = 30n;
/** What a session of the code interpreter or of the runtime has. */
export const SESSION_VCPUS = 2n;
export const SESSION_MEMORY_GB = 8n;

/** Lambda's own lines, ours, and the metrics of one invocation. Unit: bytes. */
export const FUNCTION_LOG_BYTES_MAX = 16_384n;
/** Spans of one request: `SPAN_BYTES_MAX` of src/adapters/otel/tracing.ts. Unit: bytes. */
export const SPAN_BYTES_MAX = 131_072n;
/** Of a request of six calls. Unit: bytes. */
export const TYPICAL_SPAN_BYTES = 4_096n;
/** Sessions are billed by the second, each rounded up. Unit: seconds. */
export const SESSION_ROUNDING_SECONDS = 1n;
/** The line that tells of a session that could not be stopped. Unit: bytes. */
export const SESSION_LOG_BYTES_MAX = 3_072n;
/** A line of the access log, and the 26 bytes that CloudWatch counts for each: `access_log_format` of terraform/api.tf. Unit: bytes. */
export const ACCESS_LOG_BYTES_MAX = 512n;

/** Routes that one function answers for the whole deployment, and their answers: `GET /health`, `GET /openapi.json`. Unit: bytes. */
export const SHARED_ANSWER_BYTES_MAX: readonly bigint[] = [16_384n, 131_072n];

/** Requests a second of all APIs of an account together, by AWS's own default; beyond it API Gateway answers before it looks at the API. */
export const ACCOUNT_REQUESTS_PER_SECOND = 10_000n;
/** `{"message":"Forbidden"}` with its status line and headers: what API Gateway answers by itself. Unit: bytes. */
export const REFUSAL_BYTES_MAX = 512n;

/** Metrics that every function writes: `METRICS` of src/handlers/http/edge/observed.ts, one dimension each. */
export const METRICS_PER_MODE = 9n;
/** One more, of sessions that could not be stopped, by a function that begins some. */
export const SESSION_METRICS = 1n;

/** One more, of what could not be signed, by each function of a deployment that signs. */
export const SIGNING_METRICS = 1n;
/** A receipt besides the inputs that it repeats: subjects, budgets, the error, who signs. Unit: bytes. */
export const RECEIPT_BYTES_MAX = 16_384n;
/** The line that tells of a signature that failed. Unit: bytes. */
export const NOT_SIGNED_LOG_BYTES_MAX = 2_048n;

/** An alarm is evaluated once a minute at most. */
export const ALARM_CHANGES_PER_HOUR = 60n;

/** The function that pulls the stop switch: terraform/stop.tf. Units: MB, seconds. */
export const STOP_MEMORY_MB = 256n;
export const STOP_TIMEOUT_SECONDS = 15n;

/** What S3 keeps with an object besides its bytes: its key, headers and, later, a delete marker. Unit: bytes. */
export const OBJECT_OVERHEAD_BYTES = 2_048n;
/** Expiry takes effect at the next midnight, once for the object and once for its last version. Unit: days. */
export const EXPIRY_ROUNDING_DAYS = 2n;

/** A budget of the day: its root is made, a grant is taken and given back, each at the sixteenth time at the latest. Segments and documents; reads; lists. */
export const DAY_FILES = 34n;
export const DAY_READS = 64n;
export const DAY_LISTS = 112n;
/** A segment of a day names 1,024 holders at most. Unit: bytes. */
export const DAY_SEGMENT_BYTES_MAX = 65_536n;

export const BYTES_PER_MB = 1_048_576n;

export function least(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((a, b) => (b < a ? b : a), first);
}
