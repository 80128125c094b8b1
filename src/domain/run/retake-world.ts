/**
 * How a run in a world file is taken again: the very files that its inputs name by digest, in the engine that they name. Invariant: an engine
 * with another digest proves nothing, so the verifier says which one is needed instead of a verdict.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunReader } from '../../ports/run-files';
import type { Sandbox } from '../../ports/sandbox';
import { canonical, hasCanonicalForm, type Json } from '../canonical/canonical';
import { parseJson } from '../codec/parse';
import type { StepsError, StepsWatch } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import type { TextReader } from '../episode/text-reader';
import { makeDigest, sha256Hex } from '../hash';
import { worldLimits } from '../world/file/budget';
import { engineSha256 } from '../world/file/definition';
import { PARAMS_BYTES_MAX, SOURCE_BYTES_MAX } from '../world/file/limits';
import type { CompareError } from './compare';
import { withCursor } from './cursors';
import { digestDiffers, diverged, readText, textError } from './evidence';
import type { SealedRun } from './finish';
import { type FileWorldInputs, identify } from './inputs';
import { MODES } from './modes';
import { checkChains } from './replay';
import { type StartOutOfRange, takeSteps } from './take';
import { openWorld } from './world-evidence';
import { makeTextReader } from '../episode/text-reader';

/** Made when a run needs one: an engine takes time to start. */
export type OpenSandbox = () => Promise<Sandbox>;

/** Opens the lines of the inputs and says what is wrong with them as a divergence. */
export type OverInputs = <A>(
  reader: RunReader,
  offset: number,
  use: (lines: TextReader) => Promise<Either<CompareError | StepsError | StartOutOfRange, A>>,
  file: 'inputs.jsonl',
) => Promise<Either<CompareError | { readonly _tag: 'Interrupted'; readonly steps: number }, A>>;

export async function retakeWorld(
  reader: RunReader,
  inputs: FileWorldInputs,
  output: DigestedOutput<CompareError>,
  watch: StepsWatch,
  open: OpenSandbox | undefined,
  over: OverInputs,
): Promise<Either<CompareError | { readonly _tag: 'Interrupted'; readonly steps: number }, SealedRun>> {
  if (open === undefined) return unreadable(reader, 'it is a run in a world file, and nothing here runs one');
  const sandbox = await open();
  const engine = await checkEngine(reader, inputs, sandbox);
  if (isLeft(engine)) return engine;
  const world = await readNamed(reader, 'world.js', inputs.world_sha256);
  if (isLeft(world)) return world;
  const policy = await readNamed(reader, 'policy.js', inputs.policy_sha256);
  if (isLeft(policy)) return policy;
  const params = await readParams(reader, inputs);
  if (isLeft(params)) return params;
  const lines = await readInputLines(reader);
  if (isLeft(lines)) return lines;
  if (lines.right.sha256 !== inputs.inputs_sha256) return digestDiffers('inputs.jsonl', inputs.inputs_sha256, lines.right.sha256);
  const row0 = { file: 'tape.jsonl', row: 0 } as const;
  if (inputs.steps > lines.right.lines) {
    const expected = `at most ${String(lines.right.lines)}, the inputs there are`;
    return diverged({ ...row0, pointer: '/inputs/steps', expected, actual: String(inputs.steps) });
  }

  const limits = worldLimits(inputs.budget);
  if (isLeft(limits))
    return diverged({ ...row0, pointer: '/inputs/budget', expected: 'legal limits', actual: limits.left[0]?.message ?? '' });
  const documents = { world: world.right, policy: policy.right, params: params.right, seed: inputs.seed };
  const opened = openWorld(sandbox, documents, limits.right);
  if (isLeft(opened)) {
    const file = ({ world: 'world.js', policy: 'policy.js', params: 'params.json' } as const)[opened.left.document];
    return diverged({ file, pointer: '', expected: 'a document that the world takes', actual: opened.left.problems[0]?.message ?? '' });
  }
  const initial = opened.right.initial.text;
  if (initial !== canonical(inputs.initial_state)) {
    return diverged({ ...row0, pointer: '/inputs/initial_state', expected: initial, actual: canonical(inputs.initial_state) });
  }
  const run = { mode: MODES.world, inputs, identity: identify(inputs), ...opened.right };
  return over(reader, 0, (path) => takeSteps(run, inputs.steps, path, output, watch), 'inputs.jsonl');
}

/** A chain that is broken is found whatever the engine; with it whole, only the engine that is named can tell more. */
async function checkEngine(reader: RunReader, inputs: FileWorldInputs, sandbox: Sandbox): Promise<Either<CompareError, void>> {
  const ours = engineSha256(sandbox);
  if (inputs.engine_sha256 === ours) return right(undefined);
  const chains = await checkChains(reader);
  if (isLeft(chains)) return chains;
  const { tape, executions, unlinked } = chains.right;
  const broken = tape.broken ?? executions.broken;
  if (broken !== undefined || unlinked !== undefined || inputs.steps < 1) {
    const file = tape.broken === undefined && executions.broken !== undefined ? 'executions.jsonl' : 'tape.jsonl';
    const row = broken === undefined ? {} : { row: broken.row };
    return diverged({ file, ...row, pointer: '', expected: 'a whole chain', actual: broken?.fault ?? unlinked ?? '' });
  }
  return unreadable(
    reader,
    `it was run in the engine ${inputs.engine_sha256}, and this program has ${ours} (${sandbox.engine.name}): verify it with the release of ewm that has that engine`,
  );
}

function unreadable(reader: RunReader, reason: string): Either<CompareError, never> {
  return left({ _tag: 'Unreadable', path: reader.location, reason });
}

async function readNamed(reader: RunReader, file: 'world.js' | 'policy.js', sha256: string): Promise<Either<CompareError, string>> {
  const text = await readText(reader, file, SOURCE_BYTES_MAX);
  if (isLeft(text)) return text;
  return text.right.sha256 === sha256 ? right(text.right.text) : digestDiffers(file, sha256, text.right.sha256);
}

async function readParams(reader: RunReader, inputs: FileWorldInputs): Promise<Either<CompareError, Json>> {
  const text = await readText(reader, 'params.json', PARAMS_BYTES_MAX + 1);
  if (isLeft(text)) return text;
  const value = parseJson(text.right.text);
  if (value === undefined || !hasCanonicalForm(value) || text.right.text !== `${canonical(value)}\n`) {
    return diverged({
      file: 'params.json',
      row: 0,
      pointer: '',
      expected: 'one line of canonical JSON',
      actual: text.right.text.slice(0, 200),
    });
  }
  const sha256 = sha256Hex(text.right.text);
  return sha256 === inputs.params_sha256 ? right(value) : digestDiffers('params.json', inputs.params_sha256, sha256);
}

/** The digest of the inputs, and how many there are; each has to be in normal form, also where no step comes to it. */
function readInputLines(reader: RunReader): Promise<Either<CompareError, { readonly sha256: string; readonly lines: number }>> {
  const digest = makeDigest();
  const encoder = new TextEncoder();
  return withCursor(reader.open('inputs.jsonl'), async (cursor) => {
    const text = makeTextReader(cursor);
    let lines = 0;
    for (;;) {
      const read = await text.next();
      if (isLeft(read)) return textError('inputs.jsonl', read.left);
      if (read.right === '') return right({ sha256: digest.hex(), lines });
      digest.update(encoder.encode(read.right));
      const ended = read.right.endsWith('\n');
      for (const line of (ended ? read.right.slice(0, -1) : read.right).split('\n')) {
        const value = parseJson(line);
        if (!ended || value === undefined || !hasCanonicalForm(value) || canonical(value) !== line) {
          return diverged({
            file: 'inputs.jsonl',
            row: lines,
            pointer: '',
            expected: 'a line of canonical JSON',
            actual: line.slice(0, 200),
          });
        }
        lines += 1;
      }
    }
  });
}
