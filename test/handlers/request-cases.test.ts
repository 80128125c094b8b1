/** Requests that came from public reports, with the answers that are right for them. */
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { caseText } from '../support/cases';
import { answerOf, sendEvent, makeTestHandler } from '../support/handlers';
import { httpEvent } from '../support/http-events';

async function post(mode: HttpMode, body: string): Promise<{ readonly status: number; readonly answer: ReturnType<typeof answerOf> }> {
  const { handle } = makeTestHandler(mode);
  const { status, text } = await sendEvent(handle, httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body }));
  return { status, answer: answerOf(mode, JSON.parse(text)) };
}

it('C01: the seventh of six calls is refused, and six are spent', async () => {
  const { status, answer } = await post('agentcore-tools', caseText('c01-body.json'));
  expect([status, answer.error]).toMatchObject([422, { code: 'budget_exceeded', limiter: 'max_tool_calls', requested: 1 }]);
  expect(answer.budget_state).toMatchObject({ steps: 6, tool_calls: 6 });
  expect(answer.results).toHaveLength(6);
});

it('C03: a call that no budget was given for is refused with nothing spent', async () => {
  const { status, answer } = await post('agentcore-tools', caseText('c03-body.json'));
  expect([status, answer.error]).toMatchObject([
    422,
    { code: 'budget_exceeded', message: 'max_tool_calls is 0: 0 spent, 1 more asked for' },
  ]);
  expect(answer.budget_state).toMatchObject({ steps: 0, tool_calls: 0 });
});

it('F01: a key is any text of 1 to 512 characters', async () => {
  const text = caseText('f01-body.json');
  expect(await post('agentcore-memory', text)).toMatchObject({ status: 200, answer: { ok: true, results: [{ ok: true }] } });
  const { budget, requests } = JSON.parse(text) as { readonly budget: object; readonly requests: readonly object[] };
  for (const [key, status] of [
    ['', 400],
    ['x'.repeat(512), 200],
    ['x'.repeat(513), 400],
  ] as const) {
    const changed = { budget, requests: requests.map((request) => ({ ...request, key })) };
    expect([key.length, (await post('agentcore-memory', JSON.stringify(changed))).status]).toEqual([key.length, status]);
  }
});
