/** What every sandbox has to be: a pure function of code, texts and fuel, that ends. */
import { isLeft } from 'fp-ts/Either';
import type { Code, GuestOutcome, GuestProgram, Sandbox, SandboxLimits } from '../../src/ports/sandbox';
import { expectRight } from '../support/harness';

const LIMITS: SandboxLimits = { memoryBytes: 2 * 1024 * 1024, loadFuel: 5_000_000 };
const FUEL = 5_000_000;

/** A guest that calls a function of the module by its name. */
const GUEST = `(module, name, text) => String(module[name](text))`;

export function describeSandboxContract(name: string, makeSandbox: () => Sandbox): void {
  describe(`a sandbox: ${name}`, () => {
    const sandbox = makeSandbox();
    const codeOf = (source: string): Code => ({ guest: GUEST, source, file: 'world.js' });
    const load = (source: string): GuestProgram => expectRight(sandbox.load(codeOf(source), LIMITS));
    const textOf = (outcome: GuestOutcome): string => (outcome._tag === 'Returned' ? outcome.text : JSON.stringify(outcome.failure));
    const answerOf = (body: string): string => textOf(load(`export function f(text) { ${body} }`).call(['f', 'x'], FUEL));

    test('calls give text, and texts come in whole', () => {
      const echo = load('export function f(text) { return text + text.length; }');
      for (const text of ['', 'a', 'Zürich 🕓 \u2028', '"\\', 'x'.repeat(100_000)]) {
        expect(textOf(echo.call(['f', text], FUEL))).toBe(`${text}${String(text.length)}`);
      }
    });

    test('a call is the same whatever came before it, its fuel included', () => {
      const source = `
        let calls = 0;
        globalThis.kept = [];
        export function count(text) {
          calls += 1;
          kept.push(text);
          Array.prototype.push = () => 0;
          return calls + ':' + kept.length + ':' + Object.keys(globalThis).length;
        }
        export function spin() { for (;;); }
        export function fill() { const all = []; for (;;) all.push('x'.repeat(1e5) + all.length); }
        export function fall() { return fall(); }
      `;
      const program = load(source);
      const first = program.call(['count', 'a'], FUEL);
      expect(textOf(first)).toMatch(/^1:1:/);
      for (const hostile of ['count', 'spin', 'fill', 'fall', 'absent']) {
        program.call([hostile, 'b'], FUEL);
        expect(program.call(['count', 'a'], FUEL)).toEqual(first);
      }
      expect(load(source).call(['count', 'a'], FUEL)).toEqual(first);
    });

    test('a call ends where its fuel does: with what it takes it is whole, with one less it is not', () => {
      const program = load('export function f() { let sum = 0; for (let k = 0; k < 1000; k += 1) sum += k; return sum; }');
      const whole = program.call(['f', ''], FUEL);
      expect(textOf(whole)).toBe('499500');
      expect(program.call(['f', ''], whole.fuel)).toEqual(whole);
      expect(program.call(['f', ''], whole.fuel - 1)).toEqual({ _tag: 'Failed', fuel: whole.fuel - 1, failure: { _tag: 'OutOfFuel' } });
      expect(program.call(['f', ''], 1)).toMatchObject({ failure: { _tag: 'OutOfFuel' } });
    });

    test.each([
      ['a loop', 'for (;;);'],
      ['a loop that catches', 'for (;;) { try { for (;;); } catch {} }'],
      ['a built-in that goes on for ever', 'return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);'],
      ['a regular expression', "return /^(a+)+$/.test('a'.repeat(40) + 'b');"],
      ['a search of megabytes', "return 'a'.repeat(4e5).indexOf('a'.repeat(2e5) + 'b');"],
      ['a large integer', 'return String(3n ** 900000n);'],
      ['copies of megabytes', "let s = 'x'.repeat(1e6); for (;;) s = s.slice(1) + 'y';"],
      ['a sort', 'return [1, 2, 3].sort(() => { for (;;); });'],
      ['a getter', 'return { get x() { for (;;); } }.x;'],
      ['a proxy', 'return String(new Proxy({}, { get() { for (;;); } }));'],
      ['an error that describes itself', 'throw { toString() { for (;;); } };'],
    ])('%s runs out of fuel', (_name, body) => {
      const began = performance.now();
      expect(answerOf(body)).toMatch(/OutOfFuel|Threw/);
      expect(performance.now() - began).toBeLessThan(5_000);
    });

    test.each([
      ['one long text', "let s = 'x'; for (;;) s += s;"],
      ['many texts', "const all = []; for (;;) all.push('x'.repeat(1e5) + all.length);"],
      ['a list', 'const all = []; for (;;) all.push(1, 2, 3, 4, 5, 6, 7, 8);'],
      ['closures', 'let f = () => 1; for (;;) { const g = f; f = () => g; }'],
      ['a chain of bound functions', 'let f = () => 1; for (let k = 0; k < 1e5; k += 1) f = f.bind(null); return f();'],
    ])('%s runs out of memory or fuel, and the process does not', (_name, body) => {
      const before = process.memoryUsage().rss;
      expect(answerOf(body)).toMatch(/OutOfMemory|OutOfFuel|string too long/);
      expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    });

    test.each([
      ['recursion', 'function f() { return f() + 1; } return f();'],
      ['recursion through a built-in', 'function f() { return [2, 1].sort(f); } return f();'],
      ['JSON', "return JSON.parse('['.repeat(1e5));"],
      ['source text', "return eval('('.repeat(5e4));"],
      ['a value', 'let o = {}; for (let k = 0; k < 2e4; k += 1) o = { o }; return JSON.stringify(o);'],
      ['proxies', 'let o = {}; for (let k = 0; k < 1e4; k += 1) o = new Proxy(o, {}); return o.x;'],
    ])('%s too deep ends in the engine, never in the host', (_name, body) => {
      expect(answerOf(body)).toMatch(/stack overflow|TooDeep|OutOfMemory|OutOfFuel|nested|unexpected/);
    });

    test('what is caught of running out of stack is caught at the same depth', () => {
      const deep = 'let depth = 0; function f() { depth += 1; f(); } try { f(); } catch {} return depth;';
      const depth = answerOf(deep);
      expect(Number(depth)).toBeGreaterThan(300);
      const beneath = (levels: number): string => (levels === 0 ? answerOf(deep) : beneath(levels - 1));
      expect(beneath(500)).toBe(depth);
    });

    test('there is no clock, no chance, no host, and nothing that tells of collection', () => {
      const absent = [
        'Date',
        'WeakRef',
        'FinalizationRegistry',
        'SharedArrayBuffer',
        'Atomics',
        'process',
        'require',
        'fetch',
        'setTimeout',
        'console',
      ];
      expect(answerOf(`return [${absent.map((global) => `typeof ${global}`).join(', ')}]`)).toBe(absent.map(() => 'undefined').join());
      expect(answerOf("return globalThis.constructor.constructor('return typeof process + typeof globalThis.require')()")).toBe(
        'undefinedundefined',
      );
      expect(answerOf('try { null.x } catch (error) { return error.stack }')).not.toMatch(/node|\/work|file:/);
      expect(answerOf('import("fs"); return 1')).toBe('1');
    });

    test('code that does not load says why', () => {
      const failure = (source: string): unknown => {
        const loaded = sandbox.load(codeOf(source), LIMITS);
        return isLeft(loaded) ? loaded.left : undefined;
      };
      expect(failure('export const x = ;')).toMatchObject({ _tag: 'Threw', message: expect.stringContaining('SyntaxError') as string });
      expect(failure("throw new Error('boom')")).toMatchObject({ message: 'Error: boom (world.js:1:16)' });
      expect(failure("import x from 'fs'")).toMatchObject({ _tag: 'Threw' });
      expect(failure('for (;;);')).toEqual({ _tag: 'OutOfFuel' });
      expect(failure("const all = []; for (;;) all.push('x'.repeat(1e4) + all.length);")).toEqual({ _tag: 'OutOfMemory' });
    });

    test('programs of one sandbox share nothing', () => {
      const source = 'globalThis.n = (globalThis.n ?? 0) + 1; export function f() { return globalThis.n }';
      expect([load(source), load(source)].map((program) => textOf(program.call(['f', ''], FUEL)))).toEqual(['1', '1']);
    });
  });
}
