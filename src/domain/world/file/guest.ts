/**
 * What stands beside a world file or a policy file in its sandbox: exact decimals, random numbers from a seed, and the function that the host calls.
 * Its digest is a part of the engine's, because a change of it may change what a world does. Plain JavaScript, as QuickJS takes it.
 *
 * `main(module, kind, args, seed)`: `args` is a JSON list. The answer begins with `+` (JSON follows), `-` (what went wrong follows), `#memory` or
 * `#deep`. It is made of text alone, so nothing of a world reaches the host but characters.
 */
export const GUEST = String.raw`(() => {
  'use strict';
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const ONE = 100000000n;
  const LIMIT = 10n ** 18n * ONE;
  const TEXT = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
  const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$/;
  const LEGAL = 'a decimal such as "99.86": at most 8 digits behind the point, below 10^18';

  function scaled(value) {
    let match = null;
    if (typeof value === 'string') match = TEXT.exec(value);
    else if (typeof value === 'number') match = NUMBER.exec(String(value));
    if (match === null) throw new TypeError(shown(value) + ' is no decimal; expected ' + LEGAL);
    const [, sign, integer, fraction = '', exponent = '0'] = match;
    const digits = integer + fraction;
    const scale = fraction.length - Number(exponent);
    if (scale > 8 && typeof value === 'number') throw new RangeError(shown(value) + ': more than 8 digits behind the point');
    if (fraction.length > 8 && typeof value === 'string') throw new RangeError(shown(value) + ': more than 8 digits behind the point');
    const magnitude = BigInt(digits) * 10n ** BigInt(8 - scale);
    return within(sign === '' ? magnitude : -magnitude);
  }
  function within(units) {
    if (units >= LIMIT || units <= -LIMIT) throw new RangeError('a decimal of 10^18 or more');
    return units;
  }
  function text(units) {
    within(units);
    const magnitude = units < 0n ? -units : units;
    const fraction = String(magnitude % ONE).padStart(8, '0').replace(/0+$/, '');
    return (units < 0n ? '-' : '') + String(magnitude / ONE) + (fraction === '' ? '' : '.' + fraction);
  }
  function half(numerator, denominator) {
    const negative = numerator < 0n !== denominator < 0n;
    const n = numerator < 0n ? -numerator : numerator;
    const d = denominator < 0n ? -denominator : denominator;
    let quotient = n / d;
    const twice = (n % d) * 2n;
    if (twice > d || (twice === d && quotient % 2n === 1n)) quotient += 1n;
    return negative ? -quotient : quotient;
  }
  function digitsOf(digits) {
    if (!Number.isInteger(digits) || digits < 0 || digits > 8) throw new RangeError('expected 0 to 8 digits');
    return 10n ** BigInt(8 - digits);
  }
  function compare(a, b) {
    const [left, right] = [scaled(a), scaled(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  function floor(units) {
    return units >= 0n || units % ONE === 0n ? units / ONE : units / ONE - 1n;
  }
  globalThis.decimal = Object.freeze({
    of: (value) => text(scaled(value)),
    add: (...values) => text(values.reduce((sum, value) => sum + scaled(value), 0n)),
    sub: (a, b) => text(scaled(a) - scaled(b)),
    mul: (a, b) => text(half(scaled(a) * scaled(b), ONE)),
    div: (a, b) => {
      const divisor = scaled(b);
      if (divisor === 0n) throw new RangeError('a division by 0');
      return text(half(scaled(a) * ONE, divisor));
    },
    neg: (value) => text(-scaled(value)),
    abs: (value) => {
      const units = scaled(value);
      return text(units < 0n ? -units : units);
    },
    cmp: compare,
    eq: (a, b) => compare(a, b) === 0,
    lt: (a, b) => compare(a, b) < 0,
    lte: (a, b) => compare(a, b) <= 0,
    gt: (a, b) => compare(a, b) > 0,
    gte: (a, b) => compare(a, b) >= 0,
    min: (first, ...rest) => decimal.of(rest.reduce((least, value) => (compare(value, least) < 0 ? value : least), first)),
    max: (first, ...rest) => decimal.of(rest.reduce((most, value) => (compare(value, most) > 0 ? value : most), first)),
    round: (value, digits = 0) => text(half(scaled(value), digitsOf(digits)) * digitsOf(digits)),
    floor: (value) => text(floor(scaled(value)) * ONE),
    ceil: (value) => text(-floor(-scaled(value)) * ONE),
    toInteger: (value) => {
      const whole = floor(scaled(value));
      if (whole > 9007199254740991n || whole < -9007199254740991n) throw new RangeError('an integer that a number does not hold');
      return Number(whole);
    },
  });

  // sfc32, seeded anew for each call.
  let [a, b, c, d] = [0, 0, 0, 0];
  let seeded = false;
  function next() {
    if (!seeded) throw new Error('random() is for init, step and decide, and needs a seed (--seed)');
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  function sow(seed) {
    seeded = seed !== '';
    if (!seeded) return;
    [a, b, c, d] = [0, 8, 16, 24].map((at) => parseInt(seed.slice(at, at + 8), 16) | 0);
    for (let k = 0; k < 12; k += 1) next();
  }
  globalThis.random = () => (next() * 2097152 + (next() >>> 11)) / 9007199254740992;
  globalThis.randomInteger = (least, most) => {
    const span = most - least + 1;
    if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || span < 1 || span > 4294967296) {
      throw new RangeError('randomInteger(least, most): expected integers, and at most 2^32 of them');
    }
    const fair = 4294967296 - (4294967296 % span);
    for (;;) {
      const drawn = next();
      if (drawn < fair) return least + (drawn % span);
    }
  };
  Math.random = () => {
    throw new Error('Math.random is not there: random() draws from the seed of the run');
  };

  function shown(value) {
    const type = typeof value;
    if (type === 'string') return stringify(value.length > 60 ? value.slice(0, 60) + '...' : value);
    if (type === 'object' && value !== null) return isArray(value) ? 'a list' : 'an object';
    return type === 'function' || type === 'symbol' ? 'a ' + type : String(value);
  }
  function answerOf(what, value) {
    if (value !== null && typeof value === 'object' && typeof value.then === 'function') {
      throw new TypeError(what + ' gave a promise; it has to answer at once');
    }
    const json = stringify(value);
    if (json === undefined) throw new TypeError(what + ' gave ' + shown(value) + ', which is no JSON');
    if (json.includes('null')) real(what, value, '');
    return json;
  }
  // JSON.stringify writes null for what JSON does not have.
  function real(what, value, at) {
    const type = typeof value;
    if (value === undefined || type === 'function' || type === 'symbol' || (type === 'number' && !Number.isFinite(value))) {
      throw new TypeError(what + ' gave ' + shown(value) + ' at ' + (at === '' ? 'its top' : at) + ', which is no JSON');
    }
    if (value === null || type !== 'object' || typeof value.toJSON === 'function') return;
    const list = isArray(value);
    for (const key of Object.keys(value)) if (list || value[key] !== undefined) real(what, value[key], at + '/' + key);
  }
  function needed(module, name) {
    if (typeof module[name] !== 'function') throw new TypeError('there is no function ' + name + ' among the exports');
  }
  function broken(state, module) {
    if (typeof module.invariants !== 'function') return [];
    const said = module.invariants(state);
    if (said === undefined || said === null || said === true) return [];
    if (said === false) return ['invariants'];
    return (isArray(said) ? said : [said]).map(String);
  }
  function end(state, module) {
    const score = typeof module.score === 'function' ? ',"score":' + answerOf('score', module.score(state)) : '';
    const done = typeof module.done === 'function' && module.done(state) === true;
    return score + ',"done":' + String(done);
  }

  const KINDS = {
    describe: (module) => {
      const meta = module.meta === undefined ? 'null' : answerOf('meta', module.meta);
      return '{"meta":' + meta + ',"exports":' + stringify(Object.keys(module).filter((name) => typeof module[name] === 'function')) + '}';
    },
    init: (module, params) => {
      needed(module, 'init');
      const state = module.init(params);
      const json = answerOf('init', state);
      return '{"state":' + json + ',"broken":' + stringify(broken(state, module)) + end(state, module) + '}';
    },
    end: (module, state) => '{"broken":' + stringify(broken(state, module)) + end(state, module) + '}',
    legal: (module, state) => answerOf('legal', module.legal(state)),
    observe: (module, state, input) => answerOf('observe', module.observe(state, input)),
    look: (module, state, input) => {
      const observation = answerOf('observe', module.observe(state, input));
      return '{"observation":' + observation + ',"legal":' + answerOf('legal', module.legal(state)) + '}';
    },
    step: (module, state, actions, input) => {
      const made = module.step(state, actions, input);
      if (made === null || typeof made !== 'object') throw new TypeError('step gave ' + shown(made) + '; expected {state, refused?, totals?}');
      if (typeof made.then === 'function') throw new TypeError('step gave a promise; it has to answer at once');
      const { refused, totals, state: after } = made;
      if (refused !== undefined && refused !== null && refused !== false && !(isArray(refused) && refused.length === 0)) {
        return '{"refused":' + answerOf('step', refused) + '}';
      }
      const json = answerOf('step', after);
      const sums = totals === undefined ? 'null' : answerOf('totals', totals);
      return '{"state":' + json + ',"totals":' + sums + ',"broken":' + stringify(broken(after, module)) + end(after, module) + '}';
    },
    decide: (module, observation) => {
      needed(module, 'decide');
      const actions = module.decide(observation);
      return actions === undefined || actions === null ? '[]' : answerOf('decide', actions);
    },
  };

  function described(error) {
    // Where there is no memory for an error, what is thrown is null.
    if (error === null || (error instanceof InternalError && error.message === 'out of memory')) return '#memory';
    if (error instanceof InternalError && error.message === 'stack overflow') return '#deep';
    if (!(error instanceof Error)) return '-threw ' + shown(error);
    const place = /\(([^()]+:[0-9]+(?::[0-9]+)?)\)/.exec(String(error.stack));
    const where = place === null || place[1].startsWith('guest') ? '' : ' (' + place[1] + ')';
    return '-' + (String(error.name) + ': ' + String(error.message)).slice(0, 500) + where;
  }

  return (module, kind, args, seed) => {
    try {
      sow(seed);
      return '+' + KINDS[kind](module, ...parse(args));
    } catch (error) {
      return described(error);
    }
  };
})()`;
