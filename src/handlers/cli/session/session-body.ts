/** What makes a session, as a command line says it: the body of the request, its documents read from files or named. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { local } from '../../compose';
import type { CreateOptions } from './add-session-commands';
import { type Failure, inputFailure } from '../shared/failure';

export type CreateBody = Readonly<Record<string, unknown>>;

export async function createBody({ name, market, strategy, policy, cash, budget }: CreateOptions): Promise<Either<Failure, CreateBody>> {
  const body: Record<string, unknown> = {};
  if (name !== undefined) body['name'] = name;
  if (budget !== undefined) body['budget'] = budget;
  if (cash !== undefined) body['initial_state'] = { cash, positions: {} };
  if (market !== undefined) {
    const read = isName(market) ? right(market) : await marketDocument(market);
    if (isLeft(read)) return read;
    body['market'] = read.right;
  }
  for (const [member, file] of [
    ['strategy', strategy],
    ['policy', policy],
  ] as const) {
    if (file === undefined) continue;
    if (isName(file)) {
      body[member] = file;
      continue;
    }
    const read = await local.readDocument(file)();
    if (isLeft(read)) return left(inputFailure(read.left));
    body[member] = read.right.value;
  }
  return right(body);
}

/** A file has a suffix or a folder; what has neither is an example. */
function isName(text: string): boolean {
  return /^[a-z0-9_]+$/.test(text);
}

/** A market file of any form as the inline document of a request. */
async function marketDocument(file: string): Promise<Either<Failure, object>> {
  const market = local.openMarket(file);
  const symbols = await market.open()();
  if (isLeft(symbols)) return left(inputFailure(symbols.left));
  const steps: object[] = [];
  for (;;) {
    const lines = await market.read()();
    if (isLeft(lines)) return left(inputFailure(lines.left));
    if (lines.right === '') break;
    for (const line of lines.right.split('\n')) {
      if (line === '') continue;
      const { prices, ...rest } = JSON.parse(line) as { readonly prices: object };
      steps.push({ ...rest, ...prices });
    }
  }
  await market.close();
  return right({ symbols: symbols.right, steps });
}
