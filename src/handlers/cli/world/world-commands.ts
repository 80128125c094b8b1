/** `ewm world check` and `ewm world score`: whether a world keeps the rules, and how well it predicts what was recorded. */
import * as fc from 'fast-check';
import { isLeft } from 'fp-ts/Either';
import { spawnSync } from 'node:child_process';
import { canonical, type Json } from '../../../domain/canonical/canonical';
import { makeTextReader } from '../../../domain/episode/text-reader';
import { sha256Hex } from '../../../domain/hash';
import { openWorld } from '../../../domain/run/world-evidence';
import { chartsOf } from '../../../domain/run/chart-codec';
import { engineSha256, loadWorld, type WorldDefinition } from '../../../domain/world/file/definition';
import { STATE_BYTES_DEFAULT, WORLD_MEMORY_BYTES_DEFAULT } from '../../../domain/world/file/limits';
import { type Fault, type Played, type PlaySetup, playWorld } from '../../../domain/world/file/play-check';
import { makeScoring, type Score } from '../../../domain/world/file/score';
import { makeTrajectoryReader } from '../../../domain/world/file/trajectories';
import { local } from '../../compose';
import { worlds } from '../../compose-worlds';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, inputFailure, invalidFailure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { counted } from '../shared/words';

export interface WorldCheckOptions {
  readonly params?: string;
  readonly inputs?: string;
  readonly seed?: string;
  readonly plays: number;
  readonly playSeed: number;
  readonly node?: string;
  readonly digest: boolean;
  readonly json: boolean;
}

const STEPS_OF_A_PLAY = 40;
const INPUTS_MAX = 1_000;
const SEED = 'check';
const DEFAULTS = { memoryBytes: WORLD_MEMORY_BYTES_DEFAULT, stateBytes: STATE_BYTES_DEFAULT };
const SECOND_PROCESS_MS = 300_000;

export async function worldCheckCommand(file: string, options: WorldCheckOptions, io: Io): Promise<ExitCode> {
  const setup = await setUp(file, options, io);
  if ('exit' in setup) return fail(io, options.json, setup);
  if (options.digest) {
    await io.stdout.write(`${digestOf(setup, options)}\n`);
    return EXIT.ok;
  }
  const began = performance.now();
  let [steps, calls] = [0, 0];
  let [fuelMost, fuelSum, stateBytesMost] = [0, 0, 0];
  let last: Played | undefined;
  const property = fc.property(choices, (chosen) => {
    const played = playWorld(setup, chosen);
    steps += played.steps;
    calls += played.calls;
    fuelSum += played.fuelSum;
    fuelMost = Math.max(fuelMost, played.fuelMost);
    stateBytesMost = Math.max(stateBytesMost, played.stateBytesMost);
    if (played.fault !== undefined) last = played;
    return played.fault === undefined;
  });
  // What was found is shrunk: the last play that failed is the smallest.
  const found = fc.check(property, { numRuns: options.plays, seed: options.playSeed });
  const elapsedMs = performance.now() - began;
  const digests = found.failed ? [] : secondDigests(setup, file, options);
  const figures = {
    plays: options.plays,
    play_seed: options.playSeed,
    steps,
    fuel_a_step_most: fuelMost,
    fuel_a_step_mean: calls === 0 ? 0 : Math.round(fuelSum / calls),
    state_bytes_most: stateBytesMost,
    milliseconds_a_call: calls === 0 ? 0 : Math.round((elapsedMs * 1000) / calls) / 1000,
  };
  const fault = found.failed ? last?.fault : undefined;
  const same = digests.every(({ digest }) => digest === digests[0]?.digest);
  const { meta, exports } = setup.definition;
  if (options.json) {
    const report = {
      ok: !found.failed && same,
      world: { name: meta.name, version: meta.version, exports },
      fault: fault ?? null,
      digests,
      figures,
    };
    await io.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const lines = [
      `${meta.name} ${meta.version}: ${exports.join(', ')}`,
      ...(fault === undefined
        ? [
            `  holds      ${counted(options.plays, 'random play')} of ${counted(steps, 'step')} (--play-seed ${String(options.playSeed)}): nothing throws, invariants hold, what is legal is taken, what is unknown is refused`,
          ]
        : faultLines(fault, options)),
      ...(digests.length === 0
        ? []
        : [`  the same   ${same ? 'yes' : 'NO'}: ${digests.map(({ by, digest }) => `${by} ${digest.slice(0, 16)}`).join(', ')}`]),
      `  fuel       at most ${String(figures.fuel_a_step_most)} a step, ${String(figures.fuel_a_step_mean)} in the mean`,
      `  state      at most ${String(figures.state_bytes_most)} bytes`,
      `  time       ${String(figures.milliseconds_a_call)} ms a step, with what it takes to look`,
      `  engine     ${engineSha256(worlds.sandbox())}`,
    ];
    await io.stdout.write(`${lines.join('\n')}\n`);
  }
  return !found.failed && same ? EXIT.ok : EXIT.notProven;
}

const choices = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: STEPS_OF_A_PLAY, size: 'max' });

function faultLines({ step, rule, message, actions }: Fault, { playSeed }: WorldCheckOptions): readonly string[] {
  return [
    `  BROKEN     ${rule}, at step ${String(step)}${actions.length === 0 ? '' : ` with ${canonical(actions)}`}`,
    `             ${message}`,
    `             the smallest play found; --play-seed ${String(playSeed)} finds it again`,
  ];
}

/** The digest of fixed plays, twice here and once in another process, under another Node where one is named. */
function secondDigests(
  setup: PlaySetup,
  file: string,
  options: WorldCheckOptions,
): readonly { readonly by: string; readonly digest: string }[] {
  const here = [digestOf(setup, options), digestOf(setup, options)].map((digest, index) => ({
    by: index === 0 ? 'once' : 'twice',
    digest,
  }));
  const [program] = process.argv.slice(1);
  if (program === undefined || !/ewm\.cjs$/.test(program)) return here;
  const args = [
    ...[program, 'world', 'check', file, '--digest', '--plays', String(options.plays), '--play-seed', String(options.playSeed)],
    ...(['params', 'inputs', 'seed'] as const).flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]])),
  ];
  const node = options.node ?? process.execPath;
  const other = spawnSync(node, args, { encoding: 'utf8', timeout: SECOND_PROCESS_MS });
  const digest = other.status === 0 ? other.stdout.trim() : `failed: ${other.error?.message ?? other.stderr.trim()}`;
  return [...here, { by: options.node ?? 'another process', digest }];
}

function digestOf(setup: PlaySetup, { plays, playSeed }: WorldCheckOptions): string {
  const digests = fc.sample(choices, { numRuns: Math.min(plays, 20), seed: playSeed }).map((chosen) => playWorld(setup, chosen).digest);
  return sha256Hex(digests.join('\n'));
}

async function setUp(file: string, options: WorldCheckOptions, io: Io): Promise<PlaySetup | Failure> {
  const source = await worlds.readSource(file);
  if (isLeft(source)) return inputFailure(source.left);
  const params = options.params === undefined ? undefined : await local.readDocument(options.params, io)();
  if (params !== undefined && isLeft(params)) return inputFailure(params.left);
  const inputs = options.inputs === undefined ? [] : await readInputs(options.inputs, io);
  if ('exit' in inputs) return inputs;
  const definition = loadWorld(worlds.sandbox(), source.right, DEFAULTS.memoryBytes);
  if (isLeft(definition)) return invalidFailure(file, definition.left);
  const charts = chartsOf(definition.right.meta);
  if (isLeft(charts)) return invalidFailure(`${file}: meta`, charts.left);
  const seed = options.seed ?? SEED;
  const documents = { world: source.right, policy: '', params: (params?.right.value ?? {}) as Json, seed };
  const opened = openWorld(worlds.sandbox(), documents, DEFAULTS);
  if (isLeft(opened))
    return invalidFailure(opened.left.document === 'params' ? (options.params ?? '--params') : file, opened.left.problems);
  return { definition: definition.right, initial: opened.right.initial, seed, stateBytesMax: DEFAULTS.stateBytes, inputs };
}

async function readInputs(file: string, io: Io): Promise<readonly Json[] | Failure> {
  const lines = worlds.openInputs(file, io);
  const inputs: Json[] = [];
  try {
    while (inputs.length < INPUTS_MAX) {
      const text = await lines.read()();
      if (isLeft(text)) return inputFailure(text.left);
      if (text.right === '') break;
      for (const line of text.right.trimEnd().split('\n')) inputs.push(JSON.parse(line) as Json);
    }
  } finally {
    await lines.close();
  }
  return inputs.slice(0, INPUTS_MAX);
}

export interface WorldScoreOptions {
  readonly trajectories: string;
  readonly json: boolean;
}

export async function worldScoreCommand(file: string, { trajectories, json }: WorldScoreOptions, io: Io): Promise<ExitCode> {
  const source = await worlds.readSource(file);
  if (isLeft(source)) return fail(io, json, inputFailure(source.left));
  const definition = loadWorld(worlds.sandbox(), source.right, WORLD_MEMORY_BYTES_DEFAULT);
  if (isLeft(definition)) return fail(io, json, invalidFailure(file, definition.left));
  const score = await scored(definition.right, trajectories, io);
  if ('exit' in score) return fail(io, json, score);
  if (json) await io.stdout.write(`${JSON.stringify({ ok: true, ...score, first: score.first ?? null })}\n`);
  else await io.stdout.write(`${scoreLines(definition.right, score).join('\n')}\n`);
  return score.exact === score.of ? EXIT.ok : EXIT.notProven;
}

async function scored(definition: WorldDefinition, file: string, io: Io): Promise<Score | Failure> {
  const cursor = await local.openBytes(file, io)();
  if (isLeft(cursor)) return storeFailure(cursor.left);
  const text = makeTextReader(cursor.right);
  const reader = makeTrajectoryReader();
  const scoring = makeScoring(definition);
  try {
    for (let line = 1; ;) {
      const lines = await text.next();
      if (isLeft(lines))
        return lines.left._tag === 'Store' ? storeFailure(lines.left.error) : invalidFailure(file, [{ pointer: '', ...lines.left.error }]);
      if (lines.right === '') break;
      for (const one of lines.right.trimEnd().split('\n')) {
        const transitions = reader.line(one);
        if (isLeft(transitions)) return invalidFailure(file, [{ pointer: '', line, message: transitions.left }]);
        for (const transition of transitions.right) scoring.add(transition);
        line += 1;
      }
    }
  } finally {
    await text.close();
  }
  const score = scoring.score();
  return score.of > 0
    ? score
    : invalidFailure(file, [{ pointer: '', message: 'holds no transition: nothing with a state before and after' }]);
}

function scoreLines({ meta }: WorldDefinition, { exact, of, kinds, first }: Score): readonly string[] {
  return [
    `${meta.name} ${meta.version}: ${String(exact)} of ${counted(of, 'transition')} exactly`,
    ...kinds.map((kind) => `  ${kind.kind.padEnd(16)} ${String(kind.exact)} of ${String(kind.of)}`),
    ...(first === undefined
      ? []
      : [
          `  first mismatch   ${first.where}${first.pointer === '' ? '' : ` at ${first.pointer}`}`,
          `    recorded       ${first.recorded}`,
          `    predicted      ${first.predicted}`,
        ]),
  ];
}
