/**
 * The sandbox on QuickJS compiled to WebAssembly. Invariants: a call is a pure function of its code, texts and fuel, because it begins with
 * the very memory in which loading ended, byte for byte; it cannot reach the host, because the engine is given no function of it; it ends, because
 * the engine itself is metered (`meter.ts`); and it takes no more memory than its own, because that cannot grow further.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import quickjs from '@jitl/quickjs-wasmfile-release-sync/wasm';
import { sha256HexOfBytes } from '../../domain/hash';
import type { Code, GuestFailure, GuestOutcome, GuestProgram, Sandbox, SandboxLimits } from '../../ports/sandbox';
import {
  bindExports,
  type EngineExports,
  engineImports,
  EVAL_MODULE,
  EVAL_SCRIPT,
  HEAP_AT,
  INTRINSIC_FLAGS,
  makeMemory,
  PAGES_MIN,
  type Pointer,
  STACK_AT,
} from './abi';
import { meter } from './meter';

/**
 * What the metered stack may come to: half of what V8 gives a thread by default, so that the end that comes is the engine's and never the host's.
 * Recursion of the code itself ends at QuickJS's own limit, earlier, as an error that the code may catch.
 */
const STACK_BYTES = 500_000;
const QUICKJS_STACK_BYTES = 128 * 1024;

const encoder = new TextEncoder();

/** Of the engine's own start, before any code that is not ours. */
const START_FUEL = 50_000_000;

export function makeQuickJsSandbox(): Sandbox {
  const bytes = meter(quickjs, PAGES_MIN);
  const module = new WebAssembly.Module(bytes);
  return {
    engine: { name: 'QuickJS of @jitl/quickjs-wasmfile-release-sync 0.32.0, metered', sha256: engineDigest(bytes) },
    load: (code, limits) => {
      const first = boot(module, code, limits);
      return isLeft(first) ? first : right(makeProgram(first.right));
    },
  };
}

/** Counted up where this file comes to call the engine in another way: fuel is a part of what a call answers. */
const CALLING = 1;

function engineDigest(bytes: Uint8Array): string {
  const parts = [CALLING, sha256HexOfBytes(bytes), INTRINSIC_FLAGS, STACK_BYTES, QUICKJS_STACK_BYTES];
  return sha256HexOfBytes(encoder.encode(parts.join('\n')));
}

/** An engine in which the code stands ready. */
interface Booted {
  readonly engine: EngineExports;
  readonly memory: WebAssembly.Memory;
  readonly context: Pointer;
  readonly guest: Pointer;
  readonly module: Pointer;
  readonly nothing: Pointer;
  /** Where the engine's stack stood: it is no part of the memory. */
  readonly stackAt: Pointer;
  /** What static data and heap held when all was loaded; the memory behind it was untouched. */
  readonly data: Uint8Array;
  readonly heap: Uint8Array;
}

function makeProgram(booted: Booted): GuestProgram {
  const { engine } = booted;
  return {
    call: (texts, fuelMax) => {
      restore(booted);
      engine.fuel.value = fuelMax;
      engine.stack.value = STACK_BYTES;
      try {
        const outcome = callGuest(booted, texts);
        return { fuel: fuelMax - engine.fuel.value, ...outcome };
      } catch (error) {
        const failed: GuestOutcome = { _tag: 'Failed', fuel: fuelMax - engine.fuel.value, failure: failureOf(engine, error) };
        engine.fuel.value = START_FUEL;
        engine.stack.value = STACK_BYTES;
        engine.stackRestore(booted.stackAt);
        return failed;
      }
    },
  };
}

function boot(
  module: WebAssembly.Module,
  { guest, source, file }: Code,
  { memoryBytes, loadFuel }: SandboxLimits,
): Either<GuestFailure, Booted> {
  const memory = makeMemory(memoryBytes);
  const engine = bindExports(new WebAssembly.Instance(module, engineImports(memory)).exports);
  engine.fuel.value = START_FUEL;
  engine.stack.value = STACK_BYTES;
  try {
    engine.start();
    const runtime = engine.newRuntime();
    if (runtime === 0) return left({ _tag: 'OutOfMemory' });
    engine.setMaxStackSize(runtime, QUICKJS_STACK_BYTES);
    const context = engine.newContext(runtime, INTRINSIC_FLAGS);
    if (context === 0) return left({ _tag: 'OutOfMemory' });
    const partial = { engine, memory, context };
    const ready = evaluate(partial, guest, 'guest', EVAL_SCRIPT);
    if (isLeft(ready)) return ready;
    engine.fuel.value = loadFuel;
    const loaded = evaluate(partial, source, file, EVAL_MODULE);
    if (isLeft(loaded)) return loaded;
    const data = new Uint8Array(memory.buffer).slice(0, STACK_AT);
    return right({
      ...partial,
      guest: ready.right,
      module: loaded.right,
      nothing: engine.undefinedValue(),
      stackAt: engine.stackSave(),
      data,
      heap: new Uint8Array(memory.buffer).slice(HEAP_AT, heapEnd(memory)),
    });
  } catch (error) {
    return left(failureOf(engine, error));
  }
}

type Started = Pick<Booted, 'engine' | 'memory' | 'context'>;

function evaluate(started: Started, code: string, file: string, flags: number): Either<GuestFailure, Pointer> {
  const { engine, context } = started;
  const text = put(started, code);
  const name = put(started, file);
  if (text === undefined || name === undefined) return left({ _tag: 'OutOfMemory' });
  const value = engine.evaluate(context, text.at, text.bytes, name.at, 0, flags);
  const exception = engine.exception(context, value);
  return exception === 0 ? right(value) : left(threw(textAt(started, engine.dump(context, exception))));
}

type GuestReturn = { readonly _tag: 'Returned'; readonly text: string } | { readonly _tag: 'Failed'; readonly failure: GuestFailure };

function callGuest(booted: Booted, texts: readonly string[]): GuestReturn {
  const { engine, memory, context, guest, module, nothing } = booted;
  const values: Pointer[] = [module];
  for (const text of texts) {
    const at = put(booted, text);
    if (at === undefined) return outOfMemory();
    values.push(engine.newString(context, at.at));
  }
  const list = engine.malloc(POINTER_BYTES * values.length);
  if (list === 0) return outOfMemory();
  new Uint32Array(memory.buffer).set(values, list / POINTER_BYTES);
  const value = engine.call(context, guest, nothing, values.length, list);
  const exception = engine.exception(context, value);
  if (exception !== 0) return { _tag: 'Failed', failure: threw(textAt(booted, engine.dump(context, exception))) };
  const text = engine.stringOf(context, value);
  return text === 0 ? outOfMemory() : { _tag: 'Returned', text: textAt(booted, text) };
}

const POINTER_BYTES = 4;

function outOfMemory(): GuestReturn {
  return { _tag: 'Failed', failure: { _tag: 'OutOfMemory' } };
}

/** What QuickJS says of an error, as JSON. */
function threw(dumped: string): GuestFailure {
  // Where there is no memory for an error, what is thrown is null.
  if (dumped === '' || dumped === 'null' || dumped.includes('"message":"out of memory"')) return { _tag: 'OutOfMemory' };
  const described = parsed(dumped);
  if (typeof described !== 'object' || described === null || !('message' in described)) return { _tag: 'Threw', message: dumped };
  const { name, message, stack } = described as { readonly name?: unknown; readonly message: unknown; readonly stack?: unknown };
  const where = /\(?([^\s()]+:[0-9]+(?::[0-9]+)?)\)?/.exec(typeof stack === 'string' ? stack : '')?.[1];
  return {
    _tag: 'Threw',
    message: `${typeof name === 'string' ? name : 'Error'}: ${String(message)}${where === undefined ? '' : ` (${where})`}`,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A trap. Whatever it was, the code caused it: an engine that ends itself is out of memory. */
function failureOf(engine: EngineExports, error: unknown): GuestFailure {
  if (engine.fuel.value === 0) return { _tag: 'OutOfFuel' };
  if (engine.stack.value === 0) return { _tag: 'TooDeep' };
  if (error instanceof Error) return { _tag: 'OutOfMemory' };
  throw error;
}

function restore({ memory, data, heap }: Booted): void {
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(data, 0);
  bytes.set(heap, HEAP_AT);
}

const WORD_BYTES = 8;

/** Behind the last byte that is not zero: a fresh memory is zero, and only the engine has written. */
function heapEnd(memory: WebAssembly.Memory): number {
  const words = new BigUint64Array(memory.buffer);
  let end = words.length;
  while (end * WORD_BYTES > HEAP_AT && words[end - 1] === 0n) end -= 1;
  return end * WORD_BYTES;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text in the engine's memory, ended by a zero byte; nothing where there is no room. */
function put({ engine, memory }: Started, text: string): { readonly at: Pointer; readonly bytes: number } | undefined {
  const at = engine.malloc(3 * text.length + 1);
  if (at === 0) return undefined;
  const { written } = encoder.encodeInto(text, new Uint8Array(memory.buffer, at));
  new Uint8Array(memory.buffer)[at + written] = 0;
  return { at, bytes: written };
}

function textAt({ memory }: Started, at: Pointer): string {
  if (at === 0) return '';
  const bytes = new Uint8Array(memory.buffer);
  return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
