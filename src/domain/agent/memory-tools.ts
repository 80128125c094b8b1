/** The operations of a memory, as calls. docs/spec.md sections 5 and 6. Invariant: a value that does not fit the budget is not handed out. */
import { type Either, isLeft } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { CallFailure } from '../../ports/dependency';
import type { MemoryOperation, StaleRead } from '../../ports/memory';
import type { Costs } from '../budget/budget';
import { canonical, canonicalBytes, hasCanonicalForm, type Json } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, literalCodec, makeCodec, objectCodec, refinedCodec } from '../codec/codec';
import { CALL_BYTES_MAX } from '../limits';
import { failedCall } from './call-error';
import {
  type ToolCall,
  type CallNaming,
  makeTool,
  type RecordedResult,
  type RecordedAnswer,
  type Tool,
  type ToolAnswer,
  type ToolContext,
} from './tool';

export const MEMORY_KEY_CHARS_MAX = 512;

export const jsonCodec: Codec<Json> = makeCodec('JSON value', {}, (value, context) =>
  hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected a JSON value of well-formed text, nested at most 64 deep'),
);

const keyCodec: Codec<string> = makeCodec(
  'memory key',
  { type: 'string', minLength: 1, maxLength: MEMORY_KEY_CHARS_MAX },
  (value, context) =>
    typeof value === 'string' && value.isWellFormed() && value.length >= 1 && value.length <= MEMORY_KEY_CHARS_MAX
      ? success(value)
      : failure(value, context, `expected text of 1 to ${String(MEMORY_KEY_CHARS_MAX)} characters`),
);

/** A value that is put: its row has to hold it, and that of a get. */
const valueToPutCodec: Codec<Json> = makeCodec('JSON value', {}, (value, context) => {
  const json = jsonCodec.validate(value, context);
  if (isLeft(json) || canonicalBytes(json.right) <= CALL_BYTES_MAX) return json;
  return failure(value, context, `longer than ${String(CALL_BYTES_MAX)} bytes, the most that a row takes`);
});

const ARGS = {
  memory_put: { key: keyCodec, value: valueToPutCodec },
  memory_get: { key: keyCodec },
  memory_clear: { key: keyCodec },
} as const;

/** The operations as a memory request lists them, by `op`. */
export const OPERATION_CODECS: Readonly<Record<MemoryOperation['op'], Codec<MemoryOperation>>> = {
  memory_put: objectCodec('memory_put', { required: { op: literalCodec('memory_put'), ...ARGS.memory_put } }),
  memory_get: objectCodec('memory_get', { required: { op: literalCodec('memory_get'), ...ARGS.memory_get } }),
  memory_clear: objectCodec('memory_clear', { required: { op: literalCodec('memory_clear'), ...ARGS.memory_clear } }),
};

/** What one operation costs before it is sent. Unit: bytes. */
export function requestBytes(operation: MemoryOperation): number {
  return canonicalBytes({ ...operation });
}

export function operationCosts(operation: MemoryOperation): Costs {
  return { memory_ops: 1, memory_bytes: requestBytes(operation) };
}

/** A memory request names its operations by `op`, and so do their rows. */
const NAMING: CallNaming = {
  rowType: 'memory',
  row: ({ name, args }) => ({ op: name, ...args }),
  result: ({ name, args }) => ({ op: name, key: args['key'] ?? null }),
  label: ({ name, args }) => `${name} ${canonical(args['key'] ?? null)}`,
};

export function callOf({ op, ...args }: MemoryOperation): ToolCall {
  return { name: op, args };
}

export function makeMemoryTools<Q>(): readonly Tool<Q>[] {
  return [
    memoryTool('memory_put', objectCodec('arguments', { required: ARGS.memory_put }), {
      rowType: 'memory',
      result: nothingCodec,
      good: null,
    }),
    memoryTool('memory_get', objectCodec('arguments', { required: ARGS.memory_get }), {
      rowType: 'memory',
      result: foundCodec,
      good: { found: false, bytes: 0 },
      withheld: withheldCodec,
      mayBeStale: true,
    }),
    memoryTool('memory_clear', objectCodec('arguments', { required: ARGS.memory_clear }), {
      rowType: 'memory',
      result: nothingCodec,
      good: null,
      mayBeStale: true,
    }),
  ];
}

const nothingCodec: Codec<null> = makeCodec('null', { type: 'null' }, (value, context) =>
  value === null ? success(null) : failure(value, context, 'expected null'),
);

const exactly = (expected: boolean): Codec<boolean> =>
  makeCodec(String(expected), { const: expected }, (value, context) =>
    value === expected ? success(expected) : failure(value, context, `expected ${String(expected)}`),
  );

const missingCodec = objectCodec('answer without a value', { required: { found: exactly(false), bytes: countCodec(0, 0) } });
const valueCodec = refinedCodec(
  objectCodec('answer with a value', { required: { found: exactly(true), bytes: countCodec(1), value: jsonCodec } }),
  ({ value, bytes }) =>
    bytes === canonicalBytes(value)
      ? []
      : [{ path: ['bytes'], message: `expected ${String(canonicalBytes(value))}, the size of the value` }],
);

/** What a get brought: a value and its size, or none and 0. */
const foundCodec: Codec<unknown> = makeCodec('answer of a get', { type: 'object' }, (value, context) =>
  (isRecord(value) && value['found'] === true ? valueCodec : missingCodec).validate(value, context),
);

/** A value that came and was not paid for: only its size stays. */
const withheldCodec = objectCodec('answer that is withheld', {
  required: { found: exactly(true), bytes: countCodec(1), withheld: exactly(true) },
});

function memoryTool<A extends { readonly key: string }, Q>(op: MemoryOperation['op'], args: Codec<A>, recorded: RecordedAnswer): Tool<Q> {
  return makeTool<A, Q>({
    name: op,
    args,
    attempt: { memory_ops: 1 },
    costs: (given) => operationCosts({ op, ...given } as MemoryOperation),
    reach: 'outside',
    recorded,
    naming: NAMING,
    act: (_context, given) => ({
      sender: ({ memory }) =>
        memory === undefined
          ? undefined
          : async (operationId, deadline) => {
              const operation = { op, ...given } as MemoryOperation;
              switch (operation.op) {
                case 'memory_put':
                  return { source: memory.source, recorded: done(await memory.put(operation, operationId, deadline)()) };
                case 'memory_clear':
                  return { source: memory.source, recorded: done(await memory.clear(operation, deadline)()) };
                case 'memory_get': {
                  const outcome = await memory.get(operation, deadline)();
                  return { source: memory.source, recorded: isLeft(outcome) ? failedCall(outcome.left) : found(outcome.right) };
                }
              }
            },
    }),
    respond: ({ reserve }, _args, result) => chargedForValue(reserve, result),
  });
}

function done(outcome: Either<StaleRead | CallFailure, void>): RecordedResult {
  return isLeft(outcome) ? failedCall(outcome.left) : { ok: true, result: null };
}

function found(value: Json | undefined): RecordedResult {
  return { ok: true, result: value === undefined ? { found: false, bytes: 0 } : { found: true, value, bytes: canonicalBytes(value) } };
}

/** A value that came back is paid for, too, or withheld. */
function chargedForValue(reserve: ToolContext<unknown>['reserve'], result: Json): ToolAnswer {
  if (!isRecord(result) || result['found'] !== true) return { result };
  const { value } = result;
  // Counted again where the value is there: a tape cannot make it cheaper than it was. A withheld value left only its size.
  const bytes = value === undefined ? recordedBytes(result['bytes']) : canonicalBytes(value);
  const refusal = reserve({ memory_bytes: bytes });
  if (refusal !== undefined) return { stop: refusal, result: { found: true, bytes, withheld: true } };
  return { result: { found: true, bytes, ...(value === undefined ? {} : { value }) } };
}

function recordedBytes(bytes: unknown): number {
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0;
}
