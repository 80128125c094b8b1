/** `meta.charts` of a world file: what its report draws. docs/worlds.md. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Codec, listCodec, makeCodec, objectCodec, refinedCodec, textCodec } from '../codec/codec';
import { pointerKeys, type Problem, problemsOf } from '../codec/problem';
import { CHART_LINES_MAX, CHARTS_MAX, DRAWN_MEMBERS, LINES_MAX, type WorldChart } from '../report/world-charts';
import type { WorldMeta } from '../world/file/definition';

const TITLE_CHARS_MAX = 80;
const POINTER_CHARS_MAX = 200;

const titleCodec: Codec<string> = makeCodec('a title', { type: 'string', minLength: 1, maxLength: TITLE_CHARS_MAX }, (value, context) => {
  const title = textCodec.validate(value, context);
  if (isLeft(title) || (title.right !== '' && title.right.length <= TITLE_CHARS_MAX)) return title;
  return failure(value, context, `expected 1 to ${String(TITLE_CHARS_MAX)} characters`);
});

const LEGAL = `expected a JSON pointer into the row of a step that begins with ${DRAWN_MEMBERS.map((member) => `/${member}`).join(', ')}`;

const lineCodec: Codec<string> = makeCodec('a line', { type: 'string', maxLength: POINTER_CHARS_MAX }, (value, context) => {
  const pointer = textCodec.validate(value, context);
  if (isLeft(pointer)) return pointer;
  const legal = pointer.right.startsWith('/') && (DRAWN_MEMBERS as readonly string[]).includes(pointerKeys(pointer.right)[0] ?? '');
  return legal && pointer.right.length <= POINTER_CHARS_MAX ? success(pointer.right) : failure(value, context, LEGAL);
});

const chartCodec: Codec<WorldChart> = objectCodec('a chart', {
  required: { title: titleCodec, lines: listCodec(lineCodec, { min: 1, max: CHART_LINES_MAX, uniqueBy: (line) => line }) },
});

const chartsCodec = refinedCodec(listCodec(chartCodec, { min: 0, max: CHARTS_MAX }), (charts) =>
  charts.reduce((lines, chart) => lines + chart.lines.length, 0) > LINES_MAX
    ? [{ path: [], message: `expected at most ${String(LINES_MAX)} lines in all` }]
    : [],
);

/** The charts that a world describes; none where it describes none. Pointers of problems are into `meta`. */
export function chartsOf({ all: { charts } }: WorldMeta): Either<readonly Problem[], readonly WorldChart[]> {
  if (charts === undefined) return right([]);
  const decoded = chartsCodec.decode(charts);
  if (!isLeft(decoded)) return decoded;
  return left(problemsOf(decoded.left).map(({ pointer, message }) => ({ pointer: `/charts${pointer}`, message })));
}
