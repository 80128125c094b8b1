/** A world file and a policy file once they are loaded: what they export, checked, and what the pair of them is called. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { GuestFailure, GuestProgram, Sandbox } from '../../../ports/sandbox';
import { type Json, canonical, type JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import type { Problem } from '../../codec/problem';
import { sha256Hex } from '../../hash';
import { callGuest, type Refusal } from './guest-call';
import { GUEST } from './guest';
import { CALL_FUEL_MAX, OUTCOME_BYTES_MAX } from './limits';

export interface WorldMeta {
  readonly name: string;
  readonly version: string;
  /** Everything that `meta` holds, such as `charts`. */
  readonly all: JsonObject;
}

export interface WorldDefinition {
  readonly program: GuestProgram;
  readonly meta: WorldMeta;
  readonly exports: readonly string[];
}

export interface PolicyDefinition {
  readonly program: GuestProgram;
}

const NEEDED = ['init', 'legal', 'step', 'observe'];

/** Digest of all that decides what a world does beside the file: the engine, and what stands beside the file in it. */
export function engineSha256({ engine }: Sandbox): string {
  return sha256Hex(canonical({ engine: engine.sha256, guest: sha256Hex(GUEST) }));
}

export function loadWorld(sandbox: Sandbox, source: string, memoryBytes: number): Either<readonly Problem[], WorldDefinition> {
  const described = describe(sandbox, source, 'world.js', memoryBytes);
  if (isLeft(described)) return described;
  const { program, meta, exports } = described.right;
  const problems = NEEDED.filter((name) => !exports.includes(name)).map((name) =>
    problem(`there is no function ${name} among the exports`),
  );
  if (!isRecord(meta) || typeof meta['name'] !== 'string' || typeof meta['version'] !== 'string') {
    problems.push(problem('expected meta with a name and a version, both text'));
  } else if (canonical(meta as Json).length > OUTCOME_BYTES_MAX) problems.push(problem('meta is too large'));
  else if (problems.length === 0) {
    return right({ program, exports, meta: { name: meta['name'], version: meta['version'], all: meta as JsonObject } });
  }
  return left(problems);
}

export function loadPolicy(sandbox: Sandbox, source: string, memoryBytes: number): Either<readonly Problem[], PolicyDefinition> {
  const described = describe(sandbox, source, 'policy.js', memoryBytes);
  if (isLeft(described)) return described;
  const { program, exports } = described.right;
  return exports.includes('decide') ? right({ program }) : left([problem('there is no function decide among the exports')]);
}

interface Described {
  readonly program: GuestProgram;
  readonly meta: unknown;
  readonly exports: readonly string[];
}

function describe(sandbox: Sandbox, source: string, file: string, memoryBytes: number): Either<readonly Problem[], Described> {
  const program = sandbox.load({ guest: GUEST, source, file }, { memoryBytes, loadFuel: CALL_FUEL_MAX });
  if (isLeft(program)) return left([problem(failureText(program.left))]);
  const described = callGuest(program.right, 'describe', [], '', CALL_FUEL_MAX);
  if ('refused' in described) return left([problem(refusalText(described.refused))]);
  const { meta, exports } = described.value as { readonly meta: unknown; readonly exports: readonly string[] };
  return right({ program: program.right, meta, exports });
}

function failureText(failure: GuestFailure): string {
  switch (failure._tag) {
    case 'Threw':
      return failure.message;
    case 'OutOfFuel':
      return `it takes more than ${String(CALL_FUEL_MAX)} units of fuel to load`;
    case 'OutOfMemory':
      return 'the memory of the world ran out while it was loaded';
    case 'TooDeep':
      return 'it is nested too deep';
  }
}

export function refusalText({ code, message }: Refusal): string {
  return code === 'threw' ? message : `${code}: ${message}`;
}

function problem(message: string): Problem {
  return { pointer: '', message };
}
