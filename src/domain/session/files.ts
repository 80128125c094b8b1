/** The files that sum a sealed session up: `report.md` and `run.json`. Made from its rows alone, so a verifier writes them again and compares. */
import type { RunFile } from '../../ports/run-files';
import { metersOf } from '../budget/budget';
import { canonical } from '../canonical/canonical';
import { cell } from '../markdown';
import type { ChainFacts } from './chain';
import { documentsNamed } from './documents';
import { headText } from './head';
import type { SessionInputs } from './inputs';
import type { OpenSession, Standing } from './replay';
import { headOf } from './answer';

/** In the order in which they are written; `run.json` last, and only of a session that is sealed. */
export function sessionFiles(inputs: Pick<SessionInputs, 'world'>, sealed: boolean): readonly RunFile[] {
  return [...documentsNamed(inputs), 'tape.jsonl', 'executions.jsonl', 'report.md', ...(sealed ? (['run.json'] as const) : [])];
}

/** `run.json`: one canonical line. */
export function sessionRunJson({ inputs, identity }: OpenSession, { seal = {} }: ChainFacts, digest: (file: RunFile) => string): string {
  const { type: _type, hash, prev_hash: _prev, ...sealed } = seal;
  const digests = Object.fromEntries(sessionFiles(inputs, false).map((file) => [file, digest(file)]));
  return `${canonical({
    spec_version: inputs.spec_version,
    run_id: identity.runId,
    genesis: identity.genesis,
    mode: inputs.mode,
    initial_state: inputs.initial_state,
    budget: inputs.budget,
    ...sealed,
    head_hash: hash ?? null,
    digests,
  })}\n`;
}

/** `report.md`: a session for a person to read. */
export function sessionReport({ inputs, identity }: OpenSession, standing: Standing, facts: ChainFacts): string {
  const { cursor, sealed } = standing;
  const { parent } = inputs;
  return [
    `# Session ${identity.runId}`,
    '',
    `${sealed ? 'Sealed' : 'Open'} at head \`${headText(headOf(standing))}\`.`,
    '',
    '| | |',
    '| --- | --- |',
    `| name | ${cell(inputs.name)} |`,
    `| parent | ${parent === null ? 'none' : `\`${parent.session_id}\` at \`${cell(parent.head)}\``} |`,
    `| segments | ${String(facts.segments)} |`,
    `| calls | ${String(facts.calls)} |`,
    `| steps | ${String(cursor.steps)} |`,
    `| acts of unknown effect | ${String(facts.unknown)} |`,
    `| state | ${cell(canonical(cursor.world?.state ?? null))} |`,
    '',
    '## Budget',
    '',
    '| limit | allowed | used |',
    '| --- | ---: | ---: |',
    ...metersOf(inputs.budget, cursor.spent).map(({ limiter, max, spent }) => `| ${cell(limiter)} | ${String(max)} | ${String(spent)} |`),
    '',
    '## Grants',
    '',
    '| child | name | budget | taken back |',
    '| --- | --- | --- | --- |',
    ...facts.grants.map(({ child, name, budget }) => {
      const refund = facts.refunds.find((one) => one.child === child);
      return `| \`${child}\` | ${cell(name)} | ${cell(canonical(budget))} | ${refund === undefined ? 'no' : `used ${cell(canonical({ ...refund.spent }))}`} |`;
    }),
    '',
  ].join('\n');
}
