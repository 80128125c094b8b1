import { joinRefusals, makeRefusals, refusalText } from '../../../src/domain/report/refusals';
import type { Row } from '../../../src/domain/tape/chain';

function step(decision: string, ...codes: readonly string[]): Row {
  return { type: 'step', decision, verifier_errors: codes.map((code) => ({ action_index: 0, code, message: '' })) };
}

test('counts refused steps by code, the most frequent first, each step once a code', () => {
  const refusals = makeRefusals();
  for (const row of [
    step('REJECTED', 'position_value_limit', 'position_value_limit', 'leverage_limit'),
    step('REJECTED', 'position_value_limit'),
    step('REJECTED', 'insufficient_position'),
    step('APPROVED'),
    step('HOLD', 'leverage_limit'),
    { type: 'step', decision: 'REJECTED', verifier_errors: 'none' },
    { type: 'step', decision: 'REJECTED', verifier_errors: [null, { code: 5 }] },
  ])
    refusals.addRow(row);
  expect(refusals.counts()).toEqual([
    ['position_value_limit', 2],
    ['insufficient_position', 1],
    ['leverage_limit', 1],
  ]);
});

test('counts of parts add up in the same order', () => {
  expect(
    joinRefusals([
      [
        ['b', 2],
        ['a', 1],
      ],
      [
        ['a', 3],
        ['c', 2],
      ],
    ]),
  ).toEqual([
    ['a', 4],
    ['b', 2],
    ['c', 2],
  ]);
});

test('names the field that sets a limit, and none where there is none', () => {
  expect(refusalText(['position_value_limit', 484])).toBe('position_value_limit 484 (raise risk_limits.max_position_value of the policy)');
  expect(refusalText(['insufficient_position', 1])).toBe('insufficient_position 1');
  expect(refusalText(['constructor', 1])).toBe('constructor 1');
});
