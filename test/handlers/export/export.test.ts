/** `ewm export`: each golden of every mode in each format, whole and with its head hash. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../../src/handlers/cli/main';
import { EXIT } from '../../../src/handlers/cli/shared/exit-codes';
import { captureIo } from '../../support/captured-io';

const GOLDEN = join(__dirname, '../../golden');
const RUNS = [
  'fixture',
  'budget-stopped',
  'base-all-steps',
  'tools-execute',
  'tools-planner',
  'memory-values',
  'guard-acts',
  'worlds/grid',
].filter((name) => readdirSync(join(GOLDEN, name)).includes('tape.jsonl'));

interface Atif {
  readonly schema_version: string;
  readonly session_id: string;
  readonly steps: readonly { readonly step_id: number; readonly source: string; readonly tool_calls?: readonly object[] }[];
  readonly final_metrics: Readonly<Record<string, number>>;
  readonly extra: { readonly head_hash: string };
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}
interface Otel {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}
interface Itf {
  readonly vars: readonly string[];
  readonly states: readonly Readonly<Record<string, unknown>>[];
  readonly '#meta': { readonly head_hash: string };
}

async function exported<T>(run: string, format: string): Promise<T> {
  const captured = captureIo();
  expect(await runCli(['export', '--format', format, join(GOLDEN, run)], captured.io)).toBe(EXIT.ok);
  return JSON.parse(captured.out()) as T;
}

function rowsOf(run: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(join(GOLDEN, run, 'tape.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe.each(RUNS)('%s', (run) => {
  const rows = rowsOf(run);
  const head = rows.at(-1)?.['hash'];
  const acts = rows.filter(
    ({ type, act }) => ['step', 'tool', 'model', 'memory'].includes(String(type)) || (type === 'stop' && act !== 'grant'),
  );

  it('is a trajectory: a step for each act, numbered from 1', async () => {
    const { schema_version, session_id, steps, final_metrics, extra } = await exported<Atif>(run, 'atif');
    expect([schema_version, session_id, extra.head_hash]).toEqual(['ATIF-v1.4', rows[0]?.['run_id'], head]);
    expect(steps.map(({ step_id }) => step_id)).toEqual([...acts.keys(), acts.length].map((at) => at + 1));
    expect(final_metrics['total_steps']).toBe(steps.length);
  });

  it('is one trace of spans, each with an id of its own under the one of the run', async () => {
    const { resourceSpans } = await exported<Otel>(run, 'otel');
    const spans = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(spans).toHaveLength(acts.length + 1);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    const root = spans.at(-1);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
      if (span !== root) expect(span.parentSpanId).toBe(root?.spanId);
      expect(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano)).toBe(true);
    }
    expect(root?.attributes).toContainEqual({ key: 'ewm.head_hash', value: { stringValue: head } });
  });

  it('is a trace of states, each with every variable', async () => {
    const { vars, states, '#meta': meta } = await exported<Itf>(run, 'itf');
    expect(meta.head_hash).toBe(head);
    expect(states).toHaveLength(rows.length);
    for (const state of states) expect(Object.keys(state).sort()).toEqual([...vars, '#meta'].sort());
    const seal = rows.at(-1);
    const final = seal?.['final_state'] as { readonly cash?: string; readonly positions?: object } | null;
    if (final?.cash !== undefined) {
      expect(states.at(-1)).toMatchObject({
        cash: final.cash,
        positions: { '#map': expect.arrayContaining(Object.entries(final.positions ?? {})) as unknown },
      });
    }
  });
});

it('has tokens and money of a guarded run', async () => {
  const { final_metrics } = await exported<Atif>('guard-acts', 'atif');
  expect(final_metrics).toMatchObject({
    total_prompt_tokens: 31,
    total_completion_tokens: 12,
    total_cached_tokens: 4,
    total_cost_usd: 0.012069,
  });
});

it('says what is wrong with the command', async () => {
  const captured = captureIo();
  expect(await runCli(['export', join(GOLDEN, 'fixture')], captured.io)).toBe(EXIT.badInput);
  expect(await runCli(['export', '--format', 'csv', join(GOLDEN, 'fixture')], captured.io)).toBe(EXIT.badInput);
  expect(captured.err()).toContain('Allowed choices are atif, otel, itf');
});
