/**
 * Puts meters into a WebAssembly module: of fuel and of the stack. Each turn of a loop, each call of a function and each 64 bytes of a bulk copy
 * take one unit of fuel; each function that is entered takes stack for its locals and gives it back when it returns; the code traps where there
 * is none left of either. So nothing that the module does can go on for ever, its own built-in functions included (an interrupt handler of the
 * engine hears of neither a regular expression nor an `indexOf` of megabytes), and both ends come at the same point on every machine, whatever
 * the stack of the host. Pure: the same bytes in, the same bytes out.
 */
import { assert } from '../../domain/assert';

/** What the counters are exported as: no name of the engine is as long. Units of fuel; about bytes of stack. */
export const FUEL_EXPORT = 'ewm_fuel';
export const STACK_EXPORT = 'ewm_stack';

/** What a call takes of the stack beside its locals. Unit: bytes, roughly: engines differ, and the limit leaves room for that. */
const FRAME_BYTES = 64;
const LOCAL_BYTES = 8;

const SECTION = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
const I32 = 0x7f;
const VOID = 0x40;
const MUTABLE = 1;
const FUNCTION_KIND = 0;
const MEMORY_KIND = 2;
const GLOBAL_KIND = 3;
const BULK_BYTES_PER_UNIT_LOG2 = 6;

const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  return: 0x0f,
  br: 0x0c,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LtU: 0x49,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  prefix: 0xfc,
} as const;

/** 2^31 - 1 when a module starts: what starts it is its own code. */
const FULL_COUNTER = [I32, MUTABLE, OP.i32Const, 0xff, 0xff, 0xff, 0xff, 0x07, OP.end];

const BULK = { copy: 10, fill: 11 } as const;

type Section = { readonly id: number; readonly body: Uint8Array };

/** `pagesMin`: what its memory, which it imports, begins with. */
export function meter(module: Uint8Array, pagesMin: number): Uint8Array {
  const sections = sectionsOf(module);
  const bodyOf = (id: number): Uint8Array => {
    const found = sections.find((section) => section.id === id);
    assert(found !== undefined, 'a module that can be metered has types, imports, functions, globals, exports and code');
    return found.body;
  };
  const types = countOf(bodyOf(SECTION.type));
  const functions = countOf(bodyOf(SECTION.function));
  const imported = importsOf(bodyOf(SECTION.import), pagesMin);
  // Two functions of ours come behind the others: bulk copy and bulk fill, which pay for their length first.
  const copy = imported.functions + functions;
  const fuel = imported.globals + countOf(bodyOf(SECTION.global));

  const extended: Readonly<Record<number, (body: Uint8Array) => Uint8Array>> = {
    [SECTION.type]: (body) => appended(body, 1, [0x60, 3, I32, I32, I32, 0]),
    [SECTION.import]: () => imported.body,
    [SECTION.function]: (body) => appended(body, 2, [...unsigned(types), ...unsigned(types)]),
    [SECTION.global]: (body) => appended(body, 2, [...FULL_COUNTER, ...FULL_COUNTER]),
    [SECTION.export]: (body) => appended(body, 2, [...exported(FUEL_EXPORT, fuel), ...exported(STACK_EXPORT, fuel + 1)]),
    [SECTION.code]: (body) => meteredCode(body, fuel, copy, signaturesOf(bodyOf(SECTION.type), bodyOf(SECTION.function))),
  };
  const out: Uint8Array[] = [module.subarray(0, HEADER_BYTES)];
  for (const { id, body } of sections) {
    const made = extended[id]?.(body) ?? body;
    out.push(Uint8Array.of(id), Uint8Array.from(unsigned(made.length)), made);
  }
  return joined(out);
}

function meteredCode(body: Uint8Array, fuel: number, copy: number, signatures: readonly Signature[]): Uint8Array {
  const left = [OP.globalGet, ...unsigned(fuel)];
  const pay = [
    ...[...left, OP.i32Eqz, OP.if, VOID, OP.unreachable, OP.end],
    ...[...left, OP.i32Const, 1, OP.i32Sub, OP.globalSet, ...unsigned(fuel)],
  ];
  const reader = makeReader(body);
  const count = reader.unsigned();
  const out: Uint8Array[] = [Uint8Array.from(unsigned(count + 2))];
  const calls = { [BULK.copy]: [OP.call, ...unsigned(copy)], [BULK.fill]: [OP.call, ...unsigned(copy + 1)] };
  for (let index = 0; index < count; index += 1) {
    const size = reader.unsigned();
    const from = reader.at();
    const signature = signatures[index];
    assert(signature !== undefined, 'each function has a type');
    out.push(...sized(meteredFunction(body, from, from + size, { pay, calls, stack: fuel + 1, signature })));
    reader.skip(size);
  }
  out.push(
    ...sized(Uint8Array.from(bulk(fuel, [OP.prefix, BULK.copy, 0, 0]))),
    ...sized(Uint8Array.from(bulk(fuel, [OP.prefix, BULK.fill, 0]))),
  );
  return joined(out);
}

/** `(to, from or value, length)`: pays for the length, then does it. */
function bulk(fuel: number, act: readonly number[]): readonly number[] {
  const length = [OP.localGet, 2, OP.i32Const, BULK_BYTES_PER_UNIT_LOG2, OP.i32ShrU];
  const left = [OP.globalGet, ...unsigned(fuel)];
  return [
    0,
    ...[...left, ...length, OP.i32LtU, OP.if, VOID, OP.i32Const, 0, OP.globalSet, ...unsigned(fuel), OP.unreachable, OP.end],
    ...[...left, ...length, OP.i32Sub, OP.globalSet, ...unsigned(fuel)],
    ...[OP.localGet, 0, OP.localGet, 1, OP.localGet, 2, ...act],
    OP.end,
  ];
}

interface Metering {
  readonly pay: readonly number[];
  /** What stands for the bulk instructions, by their number. */
  readonly calls: Readonly<Record<number, readonly number[]>>;
  /** Index of the counter of the stack. */
  readonly stack: number;
  readonly signature: Signature;
}

/**
 * A body that pays at its beginning and at each turn of its loops, and takes its stack for as long as it runs. The old body becomes a block, so
 * that its branches mean what they meant, and its returns become branches to the end of that block, where the stack is given back.
 */
function meteredFunction(code: Uint8Array, from: number, end: number, { pay, calls, stack, signature }: Metering): Uint8Array {
  const reader = makeReader(code, from);
  let locals = signature.params;
  for (let groups = reader.unsigned(); groups > 0; groups -= 1) {
    locals += reader.unsigned();
    reader.skip(1);
  }
  const bytes = signed(FRAME_BYTES + LOCAL_BYTES * locals);
  const left = [OP.globalGet, ...unsigned(stack)];
  const enter = [
    ...[...left, OP.i32Const, ...bytes, OP.i32LtU, OP.if, VOID, OP.i32Const, 0, OP.globalSet, ...unsigned(stack), OP.unreachable, OP.end],
    ...[...left, OP.i32Const, ...bytes, OP.i32Sub, OP.globalSet, ...unsigned(stack)],
    ...[OP.block, signature.result],
  ];
  const leave = [...left, OP.i32Const, ...bytes, OP.i32Add, OP.globalSet, ...unsigned(stack), OP.end];
  const out: Uint8Array[] = [code.subarray(from, reader.at()), Uint8Array.from([...pay, ...enter])];
  let kept = reader.at();
  const replace = (at: number, by: readonly number[]): void => {
    out.push(code.subarray(kept, at), Uint8Array.from(by));
    kept = reader.at();
  };
  let nesting = 0;
  while (reader.at() < end) {
    const at = reader.at();
    const op = reader.byte();
    if (op === OP.prefix) {
      const inner = reader.unsigned();
      skipPrefixed(reader, inner);
      const call = calls[inner];
      if (call !== undefined) replace(at, call);
      continue;
    }
    skipImmediates(reader, op);
    if (op === OP.block || op === OP.loop || op === OP.if) nesting += 1;
    else if (op === OP.end) nesting -= 1;
    if (op === OP.loop) replace(reader.at(), pay);
    if (op === OP.return) replace(at, [OP.br, ...unsigned(nesting)]);
  }
  out.push(code.subarray(kept, end), Uint8Array.from(leave));
  return joined(out);
}

/** What follows an opcode. Closed: an opcode that is not here would be read as something else, so it throws. */
function skipImmediates(reader: Reader, op: number): void {
  if (op === OP.block || op === OP.loop || op === OP.if) reader.signed();
  else if (op === 0x0c || op === 0x0d) reader.unsigned();
  else if (op === 0x0e) for (let targets = reader.unsigned() + 1; targets > 0; targets -= 1) reader.unsigned();
  else if (op === OP.call) reader.unsigned();
  else if (op === 0x11) {
    reader.unsigned();
    reader.unsigned();
  } else if (op >= 0x20 && op <= 0x26) reader.unsigned();
  else if (op >= 0x28 && op <= 0x3e) {
    reader.unsigned();
    reader.unsigned();
  } else if (op === 0x3f || op === 0x40) reader.skip(1);
  else if (op === OP.i32Const || op === 0x42) reader.signed();
  else if (op === 0x43) reader.skip(4);
  else if (op === 0x44) reader.skip(8);
  else {
    const plain = op <= 0x01 || op === 0x05 || op === OP.end || op === 0x0f || op === 0x1a || op === 0x1b || (op >= 0x45 && op <= 0xc4);
    assert(plain, `the meter knows opcode 0x${op.toString(16)}`);
  }
}

function skipPrefixed(reader: Reader, op: number): void {
  if (op <= 7) return;
  assert(op === BULK.copy || op === BULK.fill, `the meter knows opcode 0xfc ${String(op)}`);
  reader.skip(op === BULK.copy ? 2 : 1);
}

const HEADER_BYTES = 8;

function sectionsOf(module: Uint8Array): readonly Section[] {
  const reader = makeReader(module, HEADER_BYTES);
  const sections: Section[] = [];
  while (reader.at() < module.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    sections.push({ id, body: module.subarray(reader.at(), reader.at() + size) });
    reader.skip(size);
  }
  return sections;
}

/** Of a function: how many parameters it has, and the type of its result as a block has it. */
interface Signature {
  readonly params: number;
  readonly result: number;
}

function signaturesOf(types: Uint8Array, functions: Uint8Array): readonly Signature[] {
  const ofType = makeReader(types);
  const known: Signature[] = [];
  for (let left = ofType.unsigned(); left > 0; left -= 1) {
    ofType.skip(1);
    const params = ofType.unsigned();
    ofType.skip(params);
    const results = ofType.unsigned();
    assert(results <= 1, 'a function of an engine has one result at most');
    known.push({ params, result: results === 0 ? VOID : ofType.byte() });
  }
  const ofFunction = makeReader(functions);
  return Array.from({ length: ofFunction.unsigned() }, () => {
    const signature = known[ofFunction.unsigned()];
    assert(signature !== undefined, 'the type of a function is one of the module');
    return signature;
  });
}

function exported(name: string, global: number): readonly number[] {
  return [name.length, ...new TextEncoder().encode(name), GLOBAL_KIND, ...unsigned(global)];
}

interface Imports {
  readonly functions: number;
  readonly globals: number;
  /** The section, in which the memory begins with `pagesMin`. */
  readonly body: Uint8Array;
}

function importsOf(body: Uint8Array, pagesMin: number): Imports {
  const reader = makeReader(body);
  let [functions, globals] = [0, 0];
  let out = body;
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    reader.skip(reader.unsigned());
    reader.skip(reader.unsigned());
    const kind = reader.byte();
    if (kind === FUNCTION_KIND) {
      functions += 1;
      reader.unsigned();
    } else if (kind === MEMORY_KIND) {
      const bounded = reader.byte();
      const at = reader.at();
      reader.unsigned();
      out = joined([body.subarray(0, at), Uint8Array.from(unsigned(pagesMin)), body.subarray(reader.at())]);
      if (bounded === 1) reader.unsigned();
    } else {
      assert(kind === GLOBAL_KIND, 'an engine imports functions, a memory and globals');
      globals += 1;
      reader.skip(2);
    }
  }
  return { functions, globals, body: out };
}

/** A vector with more elements behind its own. */
function appended(body: Uint8Array, more: number, bytes: readonly number[]): Uint8Array {
  const reader = makeReader(body);
  const count = reader.unsigned();
  return joined([Uint8Array.from(unsigned(count + more)), body.subarray(reader.at()), Uint8Array.from(bytes)]);
}

function sized(body: Uint8Array): readonly Uint8Array[] {
  return [Uint8Array.from(unsigned(body.length)), body];
}

function countOf(body: Uint8Array): number {
  return makeReader(body).unsigned();
}

interface Reader {
  readonly at: () => number;
  readonly byte: () => number;
  readonly unsigned: () => number;
  /** Passes over a signed number of up to 64 bits: nobody here needs its value. */
  readonly signed: () => void;
  readonly skip: (bytes: number) => void;
}

function makeReader(bytes: Uint8Array, from = 0): Reader {
  let at = from;
  function byte(): number {
    const value = bytes[at];
    assert(value !== undefined, 'a module does not end within an instruction');
    at += 1;
    return value;
  }
  return {
    at: () => at,
    byte,
    unsigned: () => {
      let [value, scale] = [0, 1];
      for (;;) {
        const next = byte();
        value += (next & 0x7f) * scale;
        if (next < 0x80) return value;
        scale *= 0x80;
      }
    },
    signed: () => {
      while (byte() >= 0x80);
    },
    skip: (count) => {
      at += count;
    },
  };
}

function unsigned(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** A positive number where a signed one is read: the sign bit of its last byte is clear. */
function signed(value: number): readonly number[] {
  const bytes = unsigned(value);
  const last = bytes.at(-1) ?? 0;
  return last < 0x40 ? bytes : [...bytes.slice(0, -1), last + 0x80, 0];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
