/**
 * The engine's binary interface: QuickJS as `@jitl/quickjs-wasmfile-release-sync` 0.32.0 compiles it, with its names as its linker shortened them.
 * They hold for that one build and no other; `test/adapters/quickjs.test.ts` pins its digest. What the engine asks of a host is answered here:
 * nothing. No clock, no environment, no file, no host function.
 */
import { FUEL_EXPORT, STACK_EXPORT } from './meter';

/** Of the heap's place in the memory: behind static data and a stack of 5 MiB. Unit: bytes. */
export const HEAP_AT = 5_333_088;
/** Static data ends here, and the stack begins. Unit: bytes. */
export const STACK_AT = 90_208;

/** Which parts of the language there are. Absent: Date, typed arrays and weak references, which tell of clocks, hardware and collection. */
const INTRINSICS = { base: 1, eval: 4, normalize: 8, regExpCompiler: 16, regExp: 32, json: 64, proxy: 128, mapSet: 256, promise: 1024 };
export const INTRINSIC_FLAGS = Object.values(INTRINSICS).reduce((sum, flag) => sum + flag, 0);

export const EVAL_SCRIPT = 0;
export const EVAL_MODULE = 1;

/** Pointers into the memory of the engine. */
export type Pointer = number;

export interface EngineExports {
  readonly start: () => void;
  readonly malloc: (bytes: number) => Pointer;
  readonly newRuntime: () => Pointer;
  readonly setMaxStackSize: (runtime: Pointer, bytes: number) => void;
  readonly newContext: (runtime: Pointer, intrinsics: number) => Pointer;
  /** Detects no modules: `flags` says what the code is. */
  readonly evaluate: (context: Pointer, code: Pointer, bytes: number, file: Pointer, detect: 0, flags: number) => Pointer;
  /** The exception that a value stands for; 0 where it is none. */
  readonly exception: (context: Pointer, value: Pointer) => Pointer;
  /** A value described as JSON, an error with its name and message. */
  readonly dump: (context: Pointer, value: Pointer) => Pointer;
  readonly newString: (context: Pointer, text: Pointer) => Pointer;
  readonly stringOf: (context: Pointer, value: Pointer) => Pointer;
  readonly undefinedValue: () => Pointer;
  readonly call: (context: Pointer, callee: Pointer, receiver: Pointer, count: number, values: Pointer) => Pointer;
  readonly stackSave: () => Pointer;
  readonly stackRestore: (at: Pointer) => void;
  readonly fuel: WebAssembly.Global;
  readonly stack: WebAssembly.Global;
}

export function bindExports(exports: WebAssembly.Exports): EngineExports {
  return {
    start: exports['u'],
    malloc: exports['v'],
    newRuntime: exports['K'],
    setMaxStackSize: exports['D'],
    newContext: exports['N'],
    evaluate: exports['pa'],
    exception: exports['na'],
    dump: exports['oa'],
    newString: exports['_'],
    stringOf: exports['$'],
    undefinedValue: exports['E'],
    call: exports['ma'],
    stackSave: exports['Oa'],
    stackRestore: exports['Ma'],
    fuel: exports[FUEL_EXPORT],
    stack: exports[STACK_EXPORT],
  } as unknown as EngineExports;
}

const PAGE_BYTES = 64 * 1024;
export const PAGES_MIN = Math.ceil(HEAP_AT / PAGE_BYTES);

/** The engine's memory: its heap can come to `heapBytes`, and not to more. */
export function makeMemory(heapBytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: PAGES_MIN, maximum: PAGES_MIN + Math.ceil(heapBytes / PAGE_BYTES) });
}

/** A broken assertion of the engine, or its exit. */
function abort(): never {
  throw new Error('the engine ended itself');
}

const NOTHING = (): number => 0;
/** `EBADF`, as WASI has it. */
const NO_FILE = (): number => 8;

/**
 * What the engine imports. Growing is exact and stops at the memory's maximum. The limit that QuickJS has of its own counts the size of no block
 * in a WebAssembly build (`malloc_usable_size` is 0 there), so a runtime "limited" to 16 MiB fills the 2 GiB that its memory may have: here the
 * memory itself is the limit.
 */
export function engineImports(memory: WebAssembly.Memory): WebAssembly.Imports {
  const grow = (bytes: number): number => {
    const pages = Math.ceil(((bytes >>> 0) - memory.buffer.byteLength) / PAGE_BYTES);
    try {
      memory.grow(Math.max(0, pages));
      return 1;
    } catch {
      return 0;
    }
  };
  return {
    a: {
      a: memory,
      // Assertion, abort, exit, keep-alive.
      b: abort,
      q: abort,
      r: abort,
      l: NOTHING,
      // Local time, time zone, timer, now.
      m: NOTHING,
      n: NOTHING,
      j: NOTHING,
      p: NOTHING,
      k: grow,
      // Environment: none.
      e: NOTHING,
      f: NOTHING,
      // Files: close, seek, write.
      d: NO_FILE,
      o: NO_FILE,
      c: NO_FILE,
      // Host functions, interrupts, module loading, host references: none is ever made.
      s: abort,
      i: NOTHING,
      h: NOTHING,
      g: NOTHING,
      t: NOTHING,
    },
  };
}
