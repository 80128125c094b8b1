/** What makes a session, as a command line says it: the body of the request, its documents read from files or named. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { WorldInputLines } from '../../../ports/world-inputs';
import { local } from '../../compose';
import type { CreateOptions } from './add-session-commands';
import { type Failure, inputFailure } from '../shared/failure';

export type CreateBody = Readonly<Record<string, unknown>>;

export async function createBody(options: CreateOptions): Promise<Either<Failure, CreateBody>> {
  const { name, market, strategy, policy, cash, budget, prices } = options;
  const body: Record<string, unknown> = {};
  if (name !== undefined) body['name'] = name;
  if (budget !== undefined) body['budget'] = budget;
  if (prices !== undefined) {
    const read = await local.readDocument(prices)();
    if (isLeft(read)) return left(inputFailure(read.left));
    body['prices'] = read.right.value;
  }
  if (options.world !== undefined) {
    const world = await worldBody(options.world, options);
    return isLeft(world) ? world : right({ ...body, world: world.right });
  }
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

/** A world of one's own: the handler decides what of it is legal. */
async function worldBody(file: string, { policy, inputs, steps, params, seed }: CreateOptions): Promise<Either<Failure, object>> {
  const { worlds } = await import('../../compose-worlds');
  const source = await worlds.readSource(file);
  if (isLeft(source)) return left(inputFailure(source.left));
  const decide = policy === undefined ? undefined : await worlds.readSource(policy);
  if (decide !== undefined && isLeft(decide)) return left(inputFailure(decide.left));
  const given = params === undefined ? undefined : await local.readDocument(params)();
  if (given !== undefined && isLeft(given)) return left(inputFailure(given.left));
  const lines = inputs === undefined ? undefined : await allInputs(worlds.openInputs(inputs));
  if (lines !== undefined && isLeft(lines)) return lines;
  return right({
    source: source.right,
    ...(decide === undefined ? {} : { policy: decide.right }),
    ...(given === undefined ? {} : { params: given.right.value }),
    ...(seed === undefined ? {} : { seed }),
    ...(lines === undefined ? {} : { inputs: lines.right }),
    ...(steps === undefined ? {} : { steps: /^[0-9]{1,9}$/.test(steps) ? Number(steps) : steps }),
  });
}

async function allInputs(lines: WorldInputLines): Promise<Either<Failure, readonly unknown[]>> {
  const inputs: unknown[] = [];
  for (;;) {
    const text = await lines.read()();
    if (isLeft(text)) return left(inputFailure(text.left));
    if (text.right === '') break;
    for (const line of text.right.trimEnd().split('\n')) inputs.push(JSON.parse(line));
  }
  await lines.close();
  return right(inputs);
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
