/**
 * What a page can prove about itself: that its tape is the one its head hash stands for, and that its documents agree with it. It re-hashes; it
 * does not execute the run again: `ewm verify` does. Invariant: a check that could not be made neither holds nor fails: it is told apart.
 */
import { NOTHING_SPENT } from '../../../../domain/budget/budget';
import type { Json } from '../../../../domain/canonical/canonical';
import { formatDecimal } from '../../../../domain/decimal/decimal';
import { fillMembers } from '../../../../domain/report/derived-ledger';
import type { PageFile } from '../../../../domain/report/page-data';
import type { Row } from '../../../../domain/tape/chain';
import { splitAtHash } from '../../../../domain/tape/row-text';
import { grouped, plural } from '../shared/format';
import { canonicalOrEmpty, firstBadRow, sha256 } from './rows-check';
import { applyChanges, fillsAreCounted, list, parseJson, record, type RunModel, text } from '../shared/run-model';
import type { Check } from './check';
import { worldChecks } from './world-proof';

export interface PageProof {
  /**
   * `sampled`: every row that is here holds, and the rows between them are not here. `unsealed`: what is here holds, and the run did not end.
   * `incomplete`: nothing contradicts the tape, and a check could not be made.
   */
  readonly state: 'proven' | 'sampled' | 'unsealed' | 'incomplete' | 'broken' | 'unavailable';
  readonly headHash: string;
  readonly rows: number;
  /** One sentence: what was found, or the first thing that is wrong. */
  readonly sentence: string;
  readonly checks: readonly Check[];
}

/** `further`: checks of what else the page says. Whatever the page holds, the answer is a verdict. */
export async function prove(model: RunModel, further: () => readonly Check[] = () => []): Promise<PageProof> {
  try {
    return await checked(model, further);
  } catch (error) {
    const fault = `the page holds values that no run writes (${error instanceof Error ? error.message : 'unknown'})`;
    return {
      state: 'broken',
      headHash: text(model.lines.at(-1)?.row?.['hash']),
      rows: model.lines.length,
      sentence: `Not proven: ${fault}.`,
      checks: [{ what: 'every value can be read', fault }],
    };
  }
}

async function checked(model: RunModel, further: () => readonly Check[]): Promise<PageProof> {
  const rows = model.lines.length;
  const headHash = text(model.lines.at(-1)?.row?.['hash']);
  // Browsers offer SHA-256 to pages from files, from this machine and over TLS, and to no other.
  if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) {
    return {
      state: 'unavailable',
      headHash,
      rows,
      sentence: 'This browser offers no SHA-256 here: open the file itself, or through http://127.0.0.1 or https.',
      checks: [],
    };
  }
  const rowFault = await firstBadRow(model);
  const checks: Check[] = [
    {
      what: `${plural(rows, 'row')}: canonical, hashed over itself${model.page.sample === null ? ', linked to the row before it' : ''}`,
      fault: rowFault ?? unpackFault(model),
    },
    { what: 'the run id is that of the inputs in row 0', fault: await identityFault(model) },
    { what: 'the input files are those that row 0 names', ...(await inputFilesCheck(model)) },
  ];
  // Behind a broken row there is nothing to compare with.
  if (checks[0]?.fault === undefined) {
    checks.push(...(model.world === undefined ? await marketChecks(model) : await worldChecks(model, model.world)));
    if (model.page.files['request.json'] !== undefined)
      checks.push({ what: 'budget, inputs and calls of the tape are those of request.json', fault: requestFault(model) });
    checks.push({ what: 'run.json says what the seal says', ...(await runFileCheck(model)) });
    if (model.page.files['memory.json'] !== undefined)
      checks.push({ what: 'memory.json says what the memory rows say', fault: memoryFault(model) });
    checks.push(...further());
  }
  const fault = checks.find((check) => check.fault !== undefined)?.fault;
  if (fault !== undefined) return { state: 'broken', headHash, rows, sentence: `Not proven: ${fault}.`, checks };
  const missing = checks.flatMap((check) => check.missing ?? []);
  if (model.seal === undefined) {
    return {
      state: 'unsealed',
      headHash,
      rows,
      sentence: `Not proven: the tape has no seal, so the run did not finish. Its ${plural(rows, 'row')} are whole as far as they go.`,
      checks,
    };
  }
  if (missing.length > 0) {
    return {
      state: 'incomplete',
      headHash,
      rows,
      sentence: `Not fully checked: ${missing.join('; ')}. Nothing else contradicts the ${plural(rows, 'row')} of the tape; ewm verify checks the whole run directory.`,
      checks,
    };
  }
  const { sample } = model.page;
  if (sample === null)
    return {
      state: 'proven',
      headHash,
      rows,
      sentence: `Proven: ${plural(rows, 'row')} re-hashed; figures, charts, tables and documents agree with them.`,
      checks,
    };
  const sentence = `Re-hashed ${grouped(String(rows))} of ${plural(sample.rows_total, 'row')}. The links across the rows left out, and what is counted over them, need ewm verify.`;
  return { state: 'sampled', headHash, rows, sentence, checks };
}

/** The ledger and the seal of a market. */
async function marketChecks(model: RunModel): Promise<readonly Check[]> {
  const checks: Check[] = [];
  // Where fills were only counted, there is no ledger to hold against the seal.
  if (!fillsAreCounted(model))
    checks.push({
      what: `${plural(model.fills.length, 'fill')} follow from the steps and end in the ledger hash of the seal`,
      // Without the fee there is no ledger to make.
      ...(model.inputs['policy_sha256'] !== undefined && model.page.files['policy.json'] === undefined
        ? { missing: 'policy.json, which has the fee, is not in the page' }
        : { fault: await ledgerFault(model) }),
    });
  if (model.page.sample === null)
    checks.push({ what: 'counts, state and spending of the seal follow from the rows', fault: sealFault(model) });
  return checks;
}

function unpackFault({ unpacked, lines }: RunModel): string | undefined {
  return unpacked.fault === undefined ? undefined : `the tape can be read up to row ${String(lines.length - 1)}, then ${unpacked.fault}`;
}

async function identityFault({ run, inputs }: RunModel): Promise<string | undefined> {
  if (run === undefined) return 'there is no run row';
  const genesis = await sha256(canonicalOrEmpty(inputs as Json));
  return run['run_id'] === genesis.slice(0, 32) ? undefined : 'run_id of row 0 is not the SHA-256 of its inputs';
}

const MARKET_DIGESTS = { 'strategy.json': 'strategy_sha256', 'policy.json': 'policy_sha256', 'request.json': 'request_sha256' } as const;
const WORLD_DIGESTS = { 'world.js': 'world_sha256', 'policy.js': 'policy_sha256', 'params.json': 'params_sha256' } as const;

async function inputFilesCheck({ inputs, page, world }: RunModel): Promise<Omit<Check, 'what'>> {
  const absent: string[] = [];
  for (const [file, member] of Object.entries(world === undefined ? MARKET_DIGESTS : WORLD_DIGESTS)) {
    const [content, named] = [page.files[file as PageFile], inputs[member]];
    if (content === undefined && named === undefined) continue;
    if (content === undefined) absent.push(file);
    else if ((await sha256(content)) !== named) return { fault: `${file} is not the file that row 0 names (${member})` };
  }
  return absent.length === 0 ? {} : { missing: `${absent.join(', ')} ${absent.length === 1 ? 'is' : 'are'} not in the page` };
}

/** Calls are recorded as they were asked for, in order; a run that was stopped has fewer. */
function requestFault({ inputs, calls, seal, page }: RunModel): string | undefined {
  const request = record(parseJson(page.files['request.json'] ?? ''));
  for (const member of Object.keys(request)) {
    if (member !== 'tool_plan' && member !== 'requests' && !sameJson(request[member], inputs[member]))
      return `${member} of request.json is not that of row 0`;
  }
  const requested = list(request['tool_plan'] ?? request['requests']);
  const made = calls.filter(({ row }) => row['type'] !== 'model');
  for (const [at, { row, rowIndex }] of made.entries()) {
    const call = record(requested[at]);
    const differs = (row['type'] === 'tool' ? ['name', 'args'] : ['op', 'key', 'value']).find(
      (member) => !sameJson(row[member], call[member]),
    );
    if (differs !== undefined) return `${differs} of row ${String(rowIndex)} is not that of call ${String(at)} in request.json`;
    if (row['index'] !== at) return `row ${String(rowIndex)} is not call ${String(at)}`;
  }
  return seal?.['ok'] === true && made.length !== requested.length
    ? `request.json asks for ${plural(requested.length, 'call')}, and the tape has ${String(made.length)}`
    : undefined;
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalOrEmpty(a as Json) === canonicalOrEmpty(b as Json);
}

async function ledgerFault(model: RunModel): Promise<string | undefined> {
  const { run, seal, fills } = model;
  if (seal === undefined || run === undefined) return undefined;
  let head = text(run['hash']);
  for (const fill of fills) {
    const around = splitAtHash(fillMembers(fill, text(run['run_id']), head));
    head = await sha256(around.before + around.after);
  }
  const { rows, head_hash: named } = record(seal['executions']);
  if (rows !== fills.length) return `the steps make ${plural(fills.length, 'fill')}, and the seal names ${text(rows)}`;
  return named === head ? undefined : 'the fills that follow from the steps do not end in the ledger hash of the seal';
}

/** What the seal says and the rows say, too. */
function sealFault(model: RunModel): string | undefined {
  const { seal, figures, inputs, steps, calls, spending } = model;
  if (seal === undefined) return undefined;
  const endedOk = seal['error'] === null;
  if (seal['ok'] !== endedOk) return 'ok of the seal does not agree with its error';
  // What fails in an agent's hands is the agent's business, and a call that fails in a session ends its request alone.
  const failed = inputs['mode'] === 'guard' || inputs['mode'] === 'session' ? undefined : calls.find(({ row }) => row['ok'] !== true);
  if (endedOk && failed !== undefined) return `the seal says ok, and the call of row ${String(failed.rowIndex)} failed`;
  const positions = new Map(
    Object.entries(record(record(inputs['initial_state'])['positions'])).map(([symbol, quantity]) => [symbol, text(quantity)]),
  );
  for (const { row } of steps) applyChanges(positions, row);
  const cash = figures.finalCash;
  const sealedEntries = record(seal['final_state'])['entries'] as Json | undefined;
  const expected: Readonly<Record<string, Json | undefined>> = {
    steps: figures.steps,
    decisions: { ...figures.decisions },
    ...(cash === undefined || figures.finalEquity === undefined || figures.finalExposure === undefined
      ? {}
      : {
          final_state: {
            cash: formatDecimal(cash),
            positions: Object.fromEntries(positions),
            // Entry prices are not among what rows say of a step; the hash of the state covers them, and `ewm verify` takes them again.
            ...(sealedEntries === undefined ? {} : { entries: sealedEntries }),
          },
          final_equity: formatDecimal(figures.finalEquity),
          final_exposure: formatDecimal(figures.finalExposure),
        }),
    budget_state: { ...(spending.at(-1)?.spent ?? NOTHING_SPENT) },
  };
  const member = firstDifference(expected, seal);
  return member === undefined ? undefined : `${member} of the seal is not what the rows come to`;
}

const SEALED = [
  'ok',
  'error',
  'steps',
  'decisions',
  'final_state',
  'final_equity',
  'final_exposure',
  'budget_state',
  'executions',
] as const;

async function runFileCheck(model: RunModel): Promise<Omit<Check, 'what'>> {
  const content = model.page.files['run.json'];
  if (model.seal === undefined)
    return content === undefined ? {} : { fault: 'run.json belongs to a finished run, and the tape has no seal' };
  return content === undefined ? { missing: 'run.json is not in the page' } : { fault: await runFileFault(model, model.seal, content) };
}

async function runFileFault({ run, inputs, page, lines }: RunModel, seal: Row, content: string): Promise<string | undefined> {
  const recorded = record(parseJson(content));
  if (`${canonicalOrEmpty(recorded as Json)}\n` !== content) return 'run.json is not one line of canonical JSON';
  const expected: Record<string, Json | undefined> = {
    spec_version: inputs['spec_version'] as Json,
    run_id: run?.['run_id'] ?? null,
    genesis: run?.['prev_hash'] ?? null,
    mode: inputs['mode'] as Json,
    initial_state: (inputs['initial_state'] ?? null) as Json,
    budget: inputs['budget'] as Json,
    head_hash: seal['hash'] ?? null,
    ...Object.fromEntries(SEALED.map((member) => [member, seal[member] ?? null])),
  };
  const member = firstDifference(expected, recorded as Row);
  if (member !== undefined) return `${member} of run.json is not what the tape says`;
  const digests = record(recorded['digests']);
  if (inputs['inputs_sha256'] !== digests['inputs.jsonl']) return 'the digest of inputs.jsonl in run.json is not the one in row 0';
  if (inputs['market_sha256'] !== digests['market.jsonl']) return 'the digest of market.jsonl in run.json is not the one in row 0';
  if (page.sample === null && (await sha256(lines.map(({ text: line }) => `${line}\n`).join(''))) !== digests['tape.jsonl'])
    return 'the digest of tape.jsonl in run.json is not that of this tape';
  for (const [file, text_] of Object.entries(page.files)) {
    if (file !== 'run.json' && (await sha256(text_)) !== digests[file]) return `the digest of ${file} in run.json is not that of the file`;
  }
  return undefined;
}

/** What each operation answered, made again from the rows. */
function memoryFault({ run, calls, page }: RunModel): string | undefined {
  const results = calls.map(({ row: { type: _type, hash: _hash, prev_hash: _prev, source: _source, value: _value, ...rest } }) => rest);
  const recorded = record(parseJson(page.files['memory.json'] ?? ''));
  if (canonicalOrEmpty({ run_id: run?.['run_id'] ?? null, results }) === canonicalOrEmpty(recorded as Json)) return undefined;
  const at = list(recorded['results']).findIndex(
    (result, index) => canonicalOrEmpty(result as Json) !== canonicalOrEmpty(results[index] ?? null),
  );
  return `memory.json is not what the memory rows say${at === -1 ? '' : `, from operation ${String(at)} on`}`;
}

function firstDifference(expected: Readonly<Record<string, Json | undefined>>, recorded: Row): string | undefined {
  return Object.keys(expected).find((member) => canonicalOrEmpty(expected[member] ?? null) !== canonicalOrEmpty(recorded[member] ?? null));
}
