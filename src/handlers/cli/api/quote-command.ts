/** `ewm quote`: what a request would take, at the least and at the most, from the API or from the very handler in this process. */
import { randomUUID } from 'node:crypto';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import { local } from '../../compose';
import { quotingHandler } from '../../compose-quote';
import type { Environment } from '../../config';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, inputFailure, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeTable } from '../shared/table';
import { at, textAt } from './api-answer';
import { openApi } from './api-client';

export const QUOTED_MODES = ['base', 'tools', 'memory'] as const;
export type QuotedMode = (typeof QUOTED_MODES)[number];

export interface QuoteOptions {
  readonly api?: string;
  readonly json: boolean;
}

export async function quoteCommand(mode: QuotedMode, given: string, options: QuoteOptions, io: Io, env: Environment): Promise<ExitCode> {
  const request = await readRequest(given, io);
  if (isLeft(request)) return fail(io, options.json, request.left);
  const answer = await requestQuote(mode, { ...request.right, quote: true }, options.api ?? env['EWM_API_URL'], env);
  if (isLeft(answer)) return fail(io, options.json, answer.left);
  const quote = at(answer.right, 'quote');
  if (options.json) await io.stdout.write(`${JSON.stringify(answer.right)}\n`);
  if (!isRecord(quote)) {
    if (!options.json) await io.stderr.write(`ewm: ${textAt(answer.right, 'error', 'message') ?? 'no quote came'}\n`);
    return textAt(answer.right, 'error', 'code') === 'budget_above_ceiling' ? EXIT.refused : EXIT.badInput;
  }
  if (!options.json) await printQuote(quote, io);
  return quote['fits'] === true ? EXIT.ok : EXIT.refused;
}

/** A JSON object on the command line, in a file, or on stdin. */
async function readRequest(given: string, io: Io): Promise<Either<Failure, object>> {
  let value: unknown;
  if (given.trimStart().startsWith('{')) {
    try {
      value = JSON.parse(given);
    } catch (error) {
      return left(usageFailure(`the request: ${error instanceof Error ? error.message : String(error)}`));
    }
  } else {
    const read = await local.readDocument(given, { stdin: io.stdin })();
    if (isLeft(read)) return left(inputFailure(read.left));
    ({ value } = read.right);
  }
  return isRecord(value) ? right(value) : left(usageFailure('the request: expected a JSON object, as it is sent to the API'));
}

async function requestQuote(mode: QuotedMode, body: object, api: string | undefined, env: Environment): Promise<Either<Failure, unknown>> {
  if (api === undefined || api === '') {
    const handler = quotingHandler(`agentcore-${mode}`, env);
    if (isLeft(handler)) return left({ exit: EXIT.badInput, code: 'bad_config', messages: handler.left });
    return right(await handler.right(body, { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => QUOTE_MS }));
  }
  const client = await openApi({ ...env, EWM_API_URL: api });
  if (isLeft(client)) return left(usageFailure(client.left.message));
  const answer = await client.right.post(`/agentcore/${mode}`, body);
  return isLeft(answer) ? left({ exit: EXIT.notProven, code: 'no_answer', messages: [answer.left.message] }) : right(answer.right.json);
}

/** Nobody gives up on a command but whoever gave it. */
const QUOTE_MS = 900_000;

async function printQuote(quote: Readonly<Record<string, unknown>>, io: Io): Promise<void> {
  const table = makeTable(['takes', 'at the least', 'at the most'], io.stdout);
  const { least, most, needed } = quote;
  for (const name of Object.keys(isRecord(most) ? most : {})) {
    const [low, high] = [at(least, name), at(most, name)];
    if (JSON.stringify(high) !== '0') await table.row([name, JSON.stringify(low), JSON.stringify(high)]);
  }
  await table.flush();
  const short = Object.entries(isRecord(needed) ? needed : {}).map(([limiter, limit]) => `${limiter} ${JSON.stringify(limit)}`);
  await io.stdout.write(
    short.length === 0 ? 'the budget has the most of it\n' : `too small: for the most of it, set ${short.join(', ')}\n`,
  );
}
