/** The documents of a session in a world file: written in normal form when it is made, and read again wherever it goes on. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Sandbox } from '../../ports/sandbox';
import type { Budget } from '../budget/budget';
import { canonical, hasCanonicalForm, type Json, type JsonObject } from '../canonical/canonical';
import { parseJson } from '../codec/parse';
import type { Problem } from '../codec/problem';
import { sha256Hex } from '../hash';
import { linesAtHand, readPath } from '../run/path';
import { openWorld, type OpenedWorld, type WorldDocuments } from '../run/world-evidence';
import { worldLimits } from '../world/file/budget';
import { engineSha256 } from '../world/file/definition';
import type { OpenSandbox } from '../run/retake-world';
import type { SessionDocuments } from './documents';
import type { WorldFiles } from '../run/inputs';
import { makeSessionWorld, type SessionWorld } from './session-world';

export interface NewWorld extends WorldDocuments {
  /** One a step. */
  readonly inputs: readonly Json[];
}

export interface MadeWorld {
  readonly files: WorldFiles;
  readonly texts: Pick<SessionDocuments, 'world.js' | 'policy.js' | 'params.json' | 'inputs.jsonl'>;
  readonly initialState: JsonObject;
}

type Problems = readonly Problem[];

/** World files in one engine. */
export interface FileWorlds {
  /** The world of a request, tried: whatever is wrong with it is said before anything is stored. */
  readonly make: (request: NewWorld, budget: Budget) => Either<Problems, MadeWorld>;
  /** The world of documents that were held to their digests. The left says what is wrong. */
  readonly open: (texts: Partial<SessionDocuments>, files: WorldFiles, budget: Budget) => Promise<Either<string, StoredWorld>>;
}

export type OpenFileWorlds = () => Promise<FileWorlds>;

export function fileWorldsIn(open: OpenSandbox): OpenFileWorlds {
  return async () => {
    const sandbox = await open();
    return {
      make: (request, budget) => makeWorldDocuments(sandbox, request, budget),
      open: (texts, files, budget) => openWorldDocuments(sandbox, texts, files, budget),
    };
  };
}

function makeWorldDocuments(sandbox: Sandbox, request: NewWorld, budget: Budget): Either<Problems, MadeWorld> {
  const opened = openIn(sandbox, request, budget);
  if (isLeft(opened)) return opened;
  const texts = {
    'world.js': request.world,
    'policy.js': request.policy,
    'params.json': `${canonical(request.params)}\n`,
    'inputs.jsonl': request.inputs.map((input) => `${canonical(input)}\n`).join(''),
  };
  return right({
    files: {
      world_sha256: sha256Hex(texts['world.js']),
      engine_sha256: engineSha256(sandbox),
      policy_sha256: sha256Hex(texts['policy.js']),
      params_sha256: sha256Hex(texts['params.json']),
      inputs_sha256: sha256Hex(texts['inputs.jsonl']),
      seed: request.seed,
    },
    texts,
    initialState: opened.right.initial.value,
  });
}

function openIn(sandbox: Sandbox, documents: WorldDocuments, budget: Budget): Either<Problems, OpenedWorld> {
  const limits = worldLimits(budget);
  if (isLeft(limits)) return left(limits.left.map(({ limiter, message }) => ({ pointer: `/budget/${limiter}`, message })));
  const opened = openWorld(sandbox, documents, limits.right);
  if (!isLeft(opened)) return opened;
  const at = { world: '/world/source', policy: '/world/policy', params: '/world/params' }[opened.left.document];
  return left(opened.left.problems.map(({ message }) => ({ pointer: at, message })));
}

export interface StoredWorld {
  readonly world: SessionWorld;
  /** What `init` gives: where a session begins that is no fork. */
  readonly initialState: JsonObject;
}

async function openWorldDocuments(
  sandbox: Sandbox,
  texts: Partial<SessionDocuments>,
  files: WorldFiles,
  budget: Budget,
): Promise<Either<string, StoredWorld>> {
  const ours = engineSha256(sandbox);
  if (files.engine_sha256 !== ours) {
    return left(`it was made in the engine ${files.engine_sha256}, and this program has ${ours} (${sandbox.engine.name})`);
  }
  const params = parseJson(texts['params.json'] ?? '');
  if (params === undefined || !hasCanonicalForm(params)) return left('params.json is no canonical JSON');
  const documents = { world: texts['world.js'] ?? '', policy: texts['policy.js'] ?? '', params, seed: files.seed };
  const opened = openIn(sandbox, documents, budget);
  if (isLeft(opened)) return left(opened.left[0]?.message ?? '');
  const { world, initial } = opened.right;
  const path = await readPath(world, linesAtHand(texts['inputs.jsonl'] ?? ''));
  if (isLeft(path)) return left('inputs.jsonl is not in normal form');
  return right({ world: makeSessionWorld(world, path.right), initialState: initial.value });
}
