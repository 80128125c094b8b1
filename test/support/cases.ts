/** Inputs that broke an earlier version, as they were reported: test/fixtures/cases. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../fixtures/cases');

export function casePath(name: string): string {
  return join(FOLDER, name);
}

export function caseText(name: string): string {
  return readFileSync(casePath(name), 'utf8');
}

export function caseJson(name: string): Readonly<Record<string, unknown>> {
  return JSON.parse(caseText(name)) as Readonly<Record<string, unknown>>;
}
