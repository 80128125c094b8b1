/** Runs in world files, made in memory: what tests of worlds, of their goldens and of their models share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMemoryRunReader, makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { makeWorldInputs } from '../../src/adapters/in-process/world-inputs';
import { makeQuickJsSandbox } from '../../src/adapters/quickjs/sandbox';
import type { Json } from '../../src/domain/canonical/canonical';
import { runWorld, type WorldRunError, type WorldRunRequest } from '../../src/domain/run/run-world';
import type { RunSummary } from '../../src/domain/run/summary';
import { type Verdict, verify } from '../../src/domain/run/verify';
import type { Sandbox } from '../../src/ports/sandbox';
import { type Either, isLeft, right } from 'fp-ts/Either';
import { expectRight, linesOf, rowsOf } from './harness';
import type { JsonObject } from './reference-model';

let made: Sandbox | undefined;
/** One a test file: an engine takes a tenth of a second to start. */
export const sandbox = (): Sandbox => (made ??= makeQuickJsSandbox());

export interface WorldCase extends Partial<WorldRunRequest> {
  readonly world: string;
  readonly inputs?: readonly Json[];
}

export interface WorldRunResult {
  readonly files: RunFileBytes;
  readonly summary: RunSummary;
  readonly rows: readonly JsonObject[];
  /** Rows of steps alone. */
  readonly steps: readonly JsonObject[];
}

export async function tryWorld({ inputs, ...request }: WorldCase): Promise<Either<WorldRunError, WorldRunResult>> {
  const writer = makeMemoryRunWriter();
  const lines = makeWorldInputs(inputs?.length ?? request.steps ?? 1, (step) => inputs?.[step] ?? null);
  const whole = { policy: '', params: {}, seed: null, limits: {}, ...request };
  const finished = await runWorld(whole, lines, sandbox(), writer);
  if (isLeft(finished)) return finished;
  const files = writer.files();
  const rows = rowsOf(linesOf(files, 'tape.jsonl'));
  return right({ files, summary: finished.right.summary, rows, steps: rows.filter(({ type }) => type === 'step') });
}

export async function runWorldCase(request: WorldCase): Promise<WorldRunResult> {
  return expectRight(await tryWorld(request));
}

export async function worldVerdict(files: RunFileBytes): Promise<Verdict> {
  return expectRight(await verify(makeMemoryRunReader(files), {}, () => Promise.resolve(sandbox())));
}

const WORLDS = join(__dirname, '../../examples/worlds');

/** A world that ships, with its policy and its inputs. */
export function shipped(name: string): { readonly world: string; readonly policy: string; readonly inputs: readonly Json[] } {
  const text = (file: string): string => readFileSync(join(WORLDS, name, file), 'utf8');
  const inputs =
    name === 'grid'
      ? []
      : text('inputs.jsonl')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Json);
  return { world: text('world.js'), policy: text('policy.js'), inputs };
}
