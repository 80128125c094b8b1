/** The committed run of mode `guard`, made again: the same bytes in every file, for ever. See README.md beside this file. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { filesOf } from '../../src/domain/run/modes';
import { makeSpending } from '../../src/domain/report/spending';
import type { Row } from '../../src/domain/tape/chain';
import { everyKindOfAct } from '../support/guard-runs';
import { linesOf, verdictOn } from '../support/harness';

const HEAD = '5dd6924f657e1eeb514c15def5c2f000bd6ac504690ef5d4de07fe01d8e9406a';
const DIRECTORY = join(__dirname, 'guard-acts');
const FILES = filesOf('guard');

function readGolden(): RunFileBytes {
  return Object.fromEntries(FILES.map((file) => [file, new Uint8Array(readFileSync(join(DIRECTORY, file)))]));
}

const parsed = (line: string): Row => JSON.parse(line) as Row;

if (process.env['EWM_NEW_GOLDENS'] === '1' && !existsSync(DIRECTORY)) {
  it('writes it', async () => {
    const files = await everyKindOfAct();
    mkdirSync(DIRECTORY);
    for (const file of FILES) writeFileSync(join(DIRECTORY, file), files[file] ?? new Uint8Array());
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
  });
}

it('is the run that its acts leave, and proves itself', async () => {
  const golden = readGolden();
  const again = await everyKindOfAct();
  for (const file of FILES) expect(new TextDecoder().decode(again[file])).toBe(new TextDecoder().decode(golden[file]));
  expect(readdirSync(DIRECTORY).sort()).toEqual([...FILES].sort());
  expect(parsed(linesOf(golden, 'run.json')[0] ?? '')['head_hash']).toBe(HEAD);
  expect(await verdictOn(golden)).toMatchObject({ _tag: 'Proven' });
});

it('has a row of every kind, and a change of any of them shows', async () => {
  const golden = readGolden();
  const lines = linesOf(golden, 'tape.jsonl');
  const kinds = lines.map((line) => parsed(line)['type']);
  expect([...new Set(kinds)]).toEqual(['run', 'intent', 'model', 'tool', 'grant', 'refund', 'stop', 'seal']);
  for (const [at, line] of lines.entries()) {
    for (const digit of line.matchAll(/(?<=[:,[])[0-9](?=[,}\]0-9])/g)) {
      const changed = line.slice(0, digit.index) + String((Number(digit[0]) + 1) % 10) + line.slice(digit.index + 1);
      const tape = [...lines.slice(0, at), changed, ...lines.slice(at + 1)].join('\n');
      const verdict = await verdictOn({ ...golden, 'tape.jsonl': new TextEncoder().encode(`${tape}\n`) });
      expect(verdict._tag).toBe('NotProven');
    }
  }
});

it('is counted by a page as by its seal', () => {
  const spending = makeSpending();
  const rows = linesOf(readGolden(), 'tape.jsonl').map(parsed);
  const states = rows.map((row) => spending.next(row));
  expect(states.at(-1)).toEqual(rows.at(-1)?.['budget_state']);
});
