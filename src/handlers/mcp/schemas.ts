/** What the tools take and answer, as schemas: those of the HTTP API, with errors and calls in the form that fits a list of tools. */
import { failure, success } from 'io-ts';
import type { Json } from '../../domain/canonical/canonical';
import { sessionTools } from '../../domain/agent/tools';
import { type Codec, countCodec, isRecord, type JsonSchema, makeCodec, objectCodec, orNull, textCodec } from '../../domain/codec/codec';
import { HISTORY_MAX } from '../../domain/session/limits';
import { proposalCodec } from '../../domain/world/market/proposal';
import { errorCodec } from '../http/contract/answer-codecs';
import { STATUS_OF } from '../http/contract/errors';
import { callSchema } from '../http/contract/tool-schemas';

/** Every code has members of its own: docs/schema/error.schema.json. Written out in each tool they would be most of the list. */
const errorSchema: JsonSchema = {
  type: 'object',
  description: 'Why it was refused or failed; `code` says which members are there beside the message.',
  properties: { code: { enum: Object.keys(STATUS_OF) }, message: { type: 'string' } },
  required: ['code', 'message'],
};

/** The schema with the error in its short form. */
export function answerSchema(schema: JsonSchema): JsonSchema {
  return replaced(schema, errorCodec.schema, errorSchema) as JsonSchema;
}

/** Of a market, or of a world of the caller's own: which of the two a session is in decides what it takes. */
const actionsCodec: Codec<readonly unknown[]> = makeCodec(
  'actions',
  { anyOf: [proposalCodec.schema, { type: 'array', description: 'in a world file: what it takes' }] },
  (value, context) => (Array.isArray(value) ? success(value) : failure(value, context, 'expected a list of actions')),
);

/** The schema of a list of calls, which says what each tool of a session takes. */
export function withCalls(schema: JsonSchema): JsonSchema {
  const { properties } = schema;
  const fields = isRecord(properties) ? (properties as JsonSchema) : {};
  const calls = isRecord(fields['calls']) ? (fields['calls'] as JsonSchema) : {};
  return { ...schema, properties: { ...fields, calls: { ...calls, items: callSchema(sessionTools(actionsCodec)) } } };
}

function replaced(schema: Json, part: JsonSchema, by: JsonSchema): Json {
  if (schema === part) return by;
  if (Array.isArray(schema)) return schema.map((item: Json) => replaced(item, part, by));
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema as Readonly<Record<string, Json>>).map(([key, value]) => [key, replaced(value, part, by)]),
  );
}

export const observeCodec = objectCodec('observe', { required: {}, optional: { history: countCodec(0, HISTORY_MAX) } });

export const simulateCodec = objectCodec('simulate', {
  required: { head: textCodec },
  optional: { step: countCodec(0), actions: actionsCodec },
});

/** Segments that one answer may hold. */
export const SEGMENTS_SHOWN_MAX = 64;

export const historyCodec = objectCodec('history', {
  required: {},
  optional: { from_segment: countCodec(0), max_segments: countCodec(1, SEGMENTS_SHOWN_MAX) },
});

export const verifyCodec = objectCodec('verify', { required: {} });

const answer: JsonSchema = {
  ok: { type: 'boolean' },
  session_id: { type: 'string' },
  head: { type: 'string' },
  status: { enum: ['open', 'sealed'] },
  remaining: { type: 'object', description: 'What is left of each limit.' },
  error: errorSchema,
};

export const historySchema: JsonSchema = {
  type: 'object',
  properties: {
    ...answer,
    segments: { type: 'integer', minimum: 1, description: 'How many there are.' },
    from_segment: { type: 'integer', minimum: 0 },
    rows: { type: 'array', items: { type: 'object' }, description: 'Rows of the tape, oldest first.' },
    next_segment: { ...orNull(countCodec(0)).schema, description: 'Where to go on reading; null at the end.' },
  },
  required: ['ok'],
};

const proven = { type: 'object', description: 'A session of the tree: id, head, sealed, segments, calls, fills, its children.' } as const;

export const verifySchema: JsonSchema = {
  type: 'object',
  properties: {
    ...answer,
    verdict: { enum: ['proven', 'proven_so_far', 'not_proven'], description: 'An open session is proven so far.' },
    proof: proven,
    where: { type: 'array', items: { type: 'string' }, description: 'From this session down to the one that differs.' },
    divergence: { type: 'object', description: 'The first difference: file, row, pointer, expected, actual.' },
  },
  required: ['ok'],
};
