/** `ewm sweep submit`: the quote first, then the files of the sweep, then the execution; of one that failed, what is left of it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { formatDecimal } from '../../../../domain/decimal/decimal';
import { sweepQuote } from '../../../../domain/cost/bill';
import { itemsText, marketFile, specText, sweepKeys } from '../../../../domain/sweep/folder';
import type { MarketBytes } from '../../../../domain/sweep/market';
import type { SweepPlan } from '../../../../domain/sweep/plan';
import type { Artifact } from '../../../../ports/artifact-store';
import { oneRequest } from '../../../compose-sweeps';
import { EXIT, type ExitCode } from '../../shared/exit-codes';
import { fail, type Failure } from '../../shared/failure';
import type { Io } from '../../shared/io';
import { counted } from '../../shared/words';
import { readPrices } from '../../cost/read-prices';
import { checkPoints } from '../sweep-check';
import { readSweep } from '../sweep-input';
import { callFailure, type DeploymentOptions, openDeployment, type SweepDeployment } from './deployment';

export interface SubmitOptions extends DeploymentOptions {
  readonly spec: string;
  readonly market?: string;
  readonly prices?: string;
  /** Tells the quote, and begins nothing. */
  readonly quote: boolean;
}

export async function submitCommand(options: SubmitOptions, io: Io): Promise<ExitCode> {
  const input = await readSweep(options.spec, options.market, io);
  if (isLeft(input)) return fail(io, options.json, input.left);
  const { plan, market } = input.right;
  const wrong = checkPoints(options.spec, plan, market);
  if (wrong !== undefined) return fail(io, options.json, wrong);
  const deployment = await openDeployment(options, io);
  if (isLeft(deployment)) return fail(io, options.json, deployment.left);
  const { limits, cellsMax } = deployment.right;
  const table = await readPrices(options.prices, io);
  if (isLeft(table)) return fail(io, options.json, table.left);
  const files = filesOf(plan, market);
  const fileBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const quote = sweepQuote(limits, table.right, { cells: plan.granted, fileBytes });
  const most = formatDecimal(limits.max_sweep_cost_usd);
  await io.stderr.write(`ewm: ${counted(plan.granted, 'cell')} cost ${quote.total} USD at most, of ${most} (max_sweep_cost_usd)\n`);
  if (!quote.allowed || plan.granted > cellsMax)
    return fail(io, options.json, {
      exit: EXIT.refused,
      code: 'sweep_too_dear',
      messages: [
        `refused: this deployment runs a sweep of ${String(cellsMax)} cells at most. Take a sample, raise max_sweep_cost_usd and apply, or lower ` +
          'lambda_timeout_seconds or lambda_memory_mb, which the quote counts in full for each cell',
      ],
    });
  const answer = { ok: true, sweep_id: plan.sweepId, cells: plan.granted, quote_usd: quote.total, by_component: quote.by_component };
  if (options.quote) {
    await io.stdout.write(options.json ? `${JSON.stringify({ ...answer, status: 'quoted' })}\n` : `${quote.total} USD at most\n`);
    return EXIT.ok;
  }
  const begun = await begin(plan.sweepId, files, deployment.right);
  if (isLeft(begun)) return fail(io, options.json, begun.left);
  await io.stdout.write(
    options.json
      ? `${JSON.stringify({ ...answer, status: begun.right })}\n`
      : `sweep ${plan.sweepId}: ${OUTCOMES[begun.right]}\n  next       ewm sweep status ${plan.sweepId}\n             ewm sweep collect ${plan.sweepId} --out sweeps/${plan.sweepId}\n`,
  );
  return EXIT.ok;
}

const OUTCOMES = {
  started: 'started',
  running: 'runs already; nothing was begun',
  redriven: 'goes on with the cells that are not there yet',
  finished: 'is finished already; nothing was begun',
} as const;

function filesOf(plan: SweepPlan, market: MarketBytes): readonly Artifact[] {
  const keys = sweepKeys(plan.sweepId);
  const text = new TextEncoder();
  return [
    { key: keys.spec, bytes: text.encode(specText(plan)), contentType: 'application/json' },
    { key: keys.market, bytes: marketFile(market), contentType: 'application/x-ndjson' },
    { key: keys.items, bytes: text.encode(itemsText(plan)), contentType: 'application/x-ndjson' },
  ];
}

async function begin(
  sweepId: string,
  files: readonly Artifact[],
  { store, machine }: SweepDeployment,
): Promise<Either<Failure, keyof typeof OUTCOMES>> {
  const keys = sweepKeys(sweepId);
  const put = await store.putFolder(files, oneRequest())();
  if (isLeft(put)) return left(callFailure(put.left));
  const found = await machine.describe(sweepId, oneRequest())();
  if (isLeft(found)) return left(callFailure(found.left));
  const status = found.right?.status;
  if (status === 'SUCCEEDED') return right('finished');
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return right('running');
  if (status !== undefined) {
    const redriven = await machine.redrive(sweepId, oneRequest())();
    return isLeft(redriven) ? left(callFailure(redriven.left)) : right('redriven');
  }
  const at = (key: string): string => store.location.replace(/^s3:\/\/[^/]+\//, '') + key;
  const started = await machine.start(sweepId, { items: at(keys.items), results: at(keys.results) }, oneRequest())();
  if (isLeft(started)) return left(callFailure(started.left));
  return right(started.right === 'taken' ? 'running' : 'started');
}
