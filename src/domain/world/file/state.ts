/** A state of a world file: a JSON object, its canonical text, and what the world says of it. */
import { type Either, left, right } from 'fp-ts/Either';
import { canonical, hasCanonicalForm, type Json, type JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import type { Problem } from '../../codec/problem';
import { sha256Hex } from '../../hash';

export interface FileState {
  readonly value: JsonObject;
  /** Canonical: what the world is given, and what hashes cover. */
  readonly text: string;
  /** What the step that led here said; absent where the state was read. */
  readonly outcome?: StepOutcome;
}

export interface StepOutcome {
  readonly totals: JsonObject | null;
  /** Nothing where the world gives none. */
  readonly score: Json | undefined;
  readonly done: boolean;
}

export function fileState(value: JsonObject, outcome?: StepOutcome): FileState {
  return { value, text: canonical(value), ...(outcome === undefined ? {} : { outcome }) };
}

export function decodeFileState(value: unknown): Either<readonly Problem[], FileState> {
  if (isRecord(value) && hasCanonicalForm(value)) return right(fileState(value));
  return left([{ pointer: '', message: 'expected a state: a JSON object' }]);
}

export function stateHash({ text }: FileState): string {
  return sha256Hex(text);
}

/** UTF-8 length of the canonical text. */
export function textBytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // A surrogate is half of four bytes.
    if (code >= 0x80) bytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** Members of the seal that sum a state up. */
export function totalsOf({ totals, score }: StepOutcome): JsonObject {
  return { final_totals: totals, ...(score === undefined ? {} : { final_score: score }) };
}
