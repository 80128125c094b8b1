/** A path of inputs held whole: a call may be about any step of it. What a request carries fits into memory. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { StepsError } from '../episode/episode';
import type { TextReader } from '../episode/text-reader';
import type { World } from '../episode/world';

export async function readPath<I>(
  world: Pick<World<never, I, never, never, never>, 'makeInput' | 'scan' | 'lineForm'>,
  lines: TextReader,
): Promise<Either<StepsError, readonly I[]>> {
  const path: I[] = [];
  for (;;) {
    const text = await lines.next();
    if (isLeft(text)) return left({ _tag: 'MarketUnreadable', error: text.left });
    if (text.right === '') return right(path);
    for (const line of text.right.split('\n')) {
      if (line === '') continue;
      const input = world.makeInput();
      if (!world.scan(line, 0, line.length, input)) {
        return left({ _tag: 'MarketBroken', line: path.length + 2, message: `not a line of the normal form ${world.lineForm}` });
      }
      path.push(input);
    }
  }
}

/** Lines that are all at hand. */
export function linesAtHand(text: string): TextReader {
  let rest = text;
  return {
    close: () => Promise.resolve(),
    next: () => {
      const lines = rest;
      rest = '';
      return Promise.resolve(right(lines));
    },
  };
}
