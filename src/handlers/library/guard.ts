/**
 * `guard`: breakers and a tape around an agent that is there already. An act (a model call, a tool call) is paid for and on the tape before it is
 * sent, and settled after it. docs/guard.md, docs/spec.md section 10.
 */
import { isLeft } from 'fp-ts/Either';
import type { GuardedAct, RecordLevel } from '../../domain/guard/act';
import { contentOf } from '../../domain/guard/act';
import { type GuardPorts, type GuardRequest, type GuardRun, makeGuardRun, type MissingLimits } from '../../domain/guard/guard';
import { decodePrices, type ModelPriceTable, type Usage } from '../../domain/budget/prices';
import type { RunStop } from '../../domain/agent/stop';
import { lookAt } from '../../domain/agent/stop-switch';
import type { Budget, BudgetState } from '../../domain/budget/budget';
import { decodeBudget } from '../../domain/budget/budget-codec';
import { describeProblem, type Problem } from '../../domain/codec/problem';
import type { FinishedRun } from '../../domain/run/finish';
import type { RunWriter } from '../../ports/run-files';
import type { Signer } from '../../ports/signer';
import type { StopSwitch } from '../../ports/stop-switch';
import { makeFileStopSwitch, openRunDirectoryWriter, signerOf, signRunDirectory, stopwatch } from '../compose-library';
import { jsonOf } from './json';
import { PRICES } from './model-prices';
import { type GuardRefused, guardRefused } from './refusal';
import { NEVER, within } from './within';

export interface GuardOptions {
  /** Limits, as everywhere: what is absent of the five that every budget has is 0, and what is absent of the others limits nothing. */
  readonly budget: Partial<Budget>;
  /** The directory that the run leaves; it is made with the first act. Or a writer, such as one in memory (`./testing`). */
  readonly tape: string | RunWriter;
  /** What the run is called: runs that differ in nothing else have the same id. */
  readonly name?: string;
  /** Prices of models and tools; the dated table of the package where absent. */
  readonly prices?: unknown;
  /** `digest` (the default): the tape holds no word of what is sent and what comes back, only SHA-256 and length. */
  readonly record?: RecordLevel;
  /** Looked at before each act: a data directory (`ewm stop --data DIR` sets it), or a switch of your own. Where it is set, nothing is sent. */
  readonly stopSwitch?: string | StopSwitch;
  /** True by default: an act is sent once its intent is on the disk. With false a crash of the machine, and only that, may lose it. */
  readonly durable?: boolean;
  /** A private key in PEM, as `ewm keygen` makes one (the text, not the path): `close` puts a receipt beside the sealed run, and beside those of grants. */
  readonly sign?: string;
}

/** A model call, before it is sent. */
export interface ModelRequest {
  /** As the price table names it. */
  readonly model: string;
  /** All that is sent: its bytes are the most input tokens that it can be. */
  readonly request: unknown;
  /** The most that may come back, which the request itself has to say to the provider. */
  readonly maxOutputTokens?: number | undefined;
  /** A tighter bound on input tokens than the bytes; null where the bytes are no bound, because the request names content elsewhere. */
  readonly maxInputTokens?: number | null;
  readonly signal?: AbortSignal | undefined;
}

/** An act that was paid for. It ends once; whoever never ends it has been charged in full. */
export interface BegunAct {
  /** Aborts when the caller's signal does, and when the time of the budget is over. */
  readonly signal: AbortSignal;
  readonly done: (result: unknown, usage?: Usage) => void;
  readonly failed: (error: unknown, usage?: Usage) => void;
  /** The refusal where the guard is why it was aborted; else the error itself. */
  readonly explain: (error: unknown) => unknown;
}

export interface Guard {
  readonly runId: string;
  /** A tool that is refused instead of called where the budget does not cover it: it throws `GuardRefused`, which frameworks tell the model. */
  readonly tool: <A extends readonly unknown[], R>(name: string, execute: (...args: A) => R | Promise<R>) => (...args: A) => Promise<R>;
  /** Sends a model call, or throws `GuardRefused`. `send` says what it used; where it does not, the call stays charged in full. */
  readonly model: <R>(
    request: ModelRequest,
    send: (signal: AbortSignal) => Promise<{ readonly result: R; readonly usage?: Usage | undefined }>,
  ) => Promise<R>;
  /** For adapters: pays for one act and leaves the rest to the caller. */
  readonly beginModel: (request: ModelRequest) => Promise<BegunAct>;
  readonly beginTool: (name: string, args: unknown, signal?: AbortSignal) => Promise<BegunAct>;
  /** A guard of its own for a nested agent, whose budget is taken out of this one; what it does not use comes back when it is closed. */
  readonly grant: (child: { readonly name: string; readonly budget: Partial<Budget>; readonly tape: string | RunWriter }) => Promise<Guard>;
  /** What was spent, or reserved: never more than the budget. */
  readonly state: () => BudgetState;
  /** The first refusal: nothing is granted after it. */
  readonly refusal: () => RunStop | undefined;
  /** Seals the tape: after that it is a run directory like any other. */
  readonly close: () => Promise<FinishedRun>;
}

export function guard({
  budget,
  tape,
  name = 'guard',
  prices = PRICES,
  record = 'digest',
  durable = true,
  stopSwitch,
  sign,
}: GuardOptions): Guard {
  const ports: SharedPorts = { durable, elapsedMs: stopwatch(), ...lookOf(stopSwitch), ...signerIn(sign) };
  return guardOf({ name, budget: budgetOf(budget), prices: pricesOf(prices), record, parent: null }, tape, ports);
}

export function budgetOf(value: unknown): Budget {
  const limits = decodeBudget(value);
  if (isLeft(limits)) throw new TypeError(sentence('budget', limits.left));
  return limits.right;
}

/** The prices that a table file holds, such as one of the user's own; it throws where they are none. */
export function pricesOf(value: unknown): ModelPriceTable {
  const table = decodePrices(value);
  if (isLeft(table)) throw new TypeError(sentence('prices', table.left));
  return table.right;
}

/** What a guard has in common with those it grants to: time is that of the giver, whose limit holds for what it gives, too. */
export interface SharedPorts extends Omit<GuardPorts, 'open'> {
  readonly signer?: Signer;
}

export function signerIn(sign: GuardOptions['sign']): Pick<SharedPorts, 'signer'> {
  if (sign === undefined) return {};
  const signer = signerOf(sign);
  if (isLeft(signer)) throw new TypeError(`sign: ${signer.left}`);
  return { signer: signer.right };
}

export function lookOf(stopSwitch: GuardOptions['stopSwitch']): Pick<GuardPorts, 'look'> {
  if (stopSwitch === undefined) return {};
  return { look: lookAt(typeof stopSwitch === 'string' ? makeFileStopSwitch(stopSwitch) : stopSwitch) };
}

/** `onClose`: each time that the sealed run is asked for. */
export function guardOf(
  request: GuardRequest,
  tape: string | RunWriter,
  ports: SharedPorts,
  onClose?: (finished: FinishedRun) => void | Promise<void>,
): Guard {
  const { signer, ...runPorts } = ports;
  if (signer !== undefined && typeof tape !== 'string')
    throw new TypeError('sign: a receipt stands beside the files of a run, so `tape` has to be a directory');
  let signed = false;
  const open: GuardPorts['open'] =
    typeof tape === 'string' ? openRunDirectoryWriter(tape, false) : () => Promise.resolve({ _tag: 'Right', right: tape });
  const run = makeGuardRun(request, { open, ...runPorts });
  const { record } = request;

  async function begin(act: GuardedAct, signal: AbortSignal | undefined): Promise<BegunAct> {
    signal?.throwIfAborted();
    const begun = await run.begin(act);
    if (isLeft(begun)) throw guardRefused(begun.left);
    return begunAct(run, begun.right, record, signal);
  }

  const beginModel: Guard['beginModel'] = ({ model, request: sent, maxOutputTokens, maxInputTokens, signal }) => {
    const json = jsonOf(sent);
    const bound = json === undefined ? (maxInputTokens ?? null) : maxInputTokens;
    return begin(
      {
        kind: 'model',
        name: model,
        request: contentOf(json ?? null, record),
        maxOutputTokens: maxOutputTokens ?? null,
        ...(bound === undefined ? {} : { maxInputTokens: bound }),
      },
      signal,
    );
  };
  const beginTool: Guard['beginTool'] = (name, args, signal) =>
    begin({ kind: 'tool', name, request: contentOf(jsonOf(args) ?? null, record) }, signal);

  return {
    runId: run.runId,
    beginModel,
    beginTool,
    tool:
      (name, execute) =>
      async (...args) => {
        const act = await beginTool(name, args);
        return ended(act, async () => ({ result: await within(act.signal, execute(...args)) }));
      },
    model: async (request, send) => {
      const act = await beginModel(request);
      return ended(act, () => within(act.signal, send(act.signal)));
    },
    grant: async ({ name, budget, tape: own }) => {
      const granted = await run.grant(name, budgetOf(budget));
      if (isLeft(granted)) throw '_tag' in granted.left ? new TypeError(missingSentence(granted.left)) : guardRefused(granted.left);
      return guardOf(granted.right, own, ports, ({ summary }) => {
        run.refund(summary.runId, summary.headHash, summary.budgetState);
      });
    },
    state: run.state,
    refusal: run.stop,
    close: async () => {
      const finished = await run.close();
      if (isLeft(finished))
        throw guardRefused(
          run.stop() ?? {
            code: 'dependency_failed',
            message: 'the tape cannot be sealed',
            service: 'tape',
            operation: 'commit',
            effect: 'unknown',
          },
        );
      await onClose?.(finished.right);
      if (signer !== undefined && typeof tape === 'string' && !signed) {
        const fault = await signRunDirectory(tape, signer);
        if (fault !== undefined) throw new Error(`${tape}: sealed, and not signed: ${fault}; ewm sign signs it, and so does another close`);
        signed = true;
      }
      return finished.right;
    },
  };
}

/** Ends an act by what its work comes to. */
async function ended<R>(act: BegunAct, work: () => Promise<{ readonly result: R; readonly usage?: Usage | undefined }>): Promise<R> {
  try {
    const { result, usage } = await work();
    act.done(result, usage);
    return result;
  } catch (error) {
    act.failed(error);
    throw act.explain(error);
  }
}

function begunAct(run: GuardRun, index: number, record: RecordLevel, outer: AbortSignal | undefined): BegunAct {
  const { signal, release } = signalOf(run.remainingMs(), outer);
  let ended = false;
  const end = (outcome: Parameters<GuardRun['end']>[1]): void => {
    if (ended) return;
    ended = true;
    release();
    run.end(index, outcome);
  };
  return {
    signal,
    done: (result, usage) => {
      end({ ok: true, result: contentOf(jsonOf(result) ?? null, record), ...usageMember(usage) });
    },
    failed: (error, usage) => {
      end({ ok: false, error: { code: 'act_failed', message: failureText(error, record), effect: 'unknown' }, ...usageMember(usage) });
    },
    explain: (error) => {
      const stop = signal.aborted && outer?.aborted !== true ? run.stop() : undefined;
      return stop === undefined ? error : (guardRefused(stop) satisfies GuardRefused);
    },
  };
}

/** Aborts when the caller's signal does, or the time is over; `release` once it matters no more. */
function signalOf(remainingMs: number, outer: AbortSignal | undefined): { readonly signal: AbortSignal; readonly release: () => void } {
  if (remainingMs > TIMER_MS_MAX) return { signal: outer ?? NEVER, release: () => undefined };
  const controller = new AbortController();
  const onOuter = (): void => {
    controller.abort(outer?.reason);
  };
  if (outer?.aborted === true) onOuter();
  else outer?.addEventListener('abort', onOuter, { once: true });
  const timer = setTimeout(
    () => {
      controller.abort(new DOMException('the time of the budget is over', 'TimeoutError'));
    },
    Math.ceil(remainingMs) + 1,
  );
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuter);
    },
  };
}

/** `setTimeout` takes no more; an act that is given longer ends by itself. Unit: ms. */
const TIMER_MS_MAX = 2_147_483_000;

/** A report is taken as far as it is one: whole numbers. Anything else is no report, and the act stays charged in full. */
function usageMember(usage: Usage | undefined): { readonly usage?: Usage } {
  if (usage === undefined) return {};
  const { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = usage;
  const counts = [input_tokens, output_tokens, cache_read_tokens ?? 0, cache_write_tokens ?? 0];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return {};
  return {
    usage: {
      input_tokens,
      output_tokens,
      ...(cache_read_tokens === undefined ? {} : { cache_read_tokens }),
      ...(cache_write_tokens === undefined ? {} : { cache_write_tokens }),
    },
  };
}

const MESSAGE_CHARS_MAX = 500;

/** A message may quote what was sent, so a tape of digests has the kind of the error alone. */
function failureText(error: unknown, record: RecordLevel): string {
  const kind = error instanceof Error ? error.name : typeof error;
  const message = error instanceof Error ? error.message : '';
  return (record === 'full' && message !== '' ? `${kind}: ${message}` : kind).toWellFormed().slice(0, MESSAGE_CHARS_MAX).toWellFormed();
}

function sentence(what: string, problems: readonly Problem[]): string {
  return problems.map((problem) => describeProblem(what, problem)).join('; ');
}

function missingSentence({ missing }: MissingLimits): string {
  const limits = missing.map(({ limiter, max }) => `${limiter} (at most ${String(max)})`).join(', ');
  return `the giver is limited by ${limits}: a grant has to name it, too`;
}
