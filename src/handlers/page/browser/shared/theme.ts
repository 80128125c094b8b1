/** Colours of the drawings, taken from the style sheet, so that light, dark and paper are defined in one place. */

export interface ChartTheme {
  readonly text: string;
  readonly grid: string;
  readonly border: string;
  readonly surface: string;
  readonly buy: string;
  readonly sell: string;
  readonly rejected: string;
  readonly equity: string;
  readonly cash: string;
  readonly exposure: string;
  readonly drawdown: string;
  readonly limit: string;
  readonly other: string;
  readonly symbols: readonly string[];
}

export type Colour = Exclude<keyof ChartTheme, 'symbols'> | number;

const SYMBOL_COLOURS = 6;

/** The colours that hold now; `scope` is where the style sheet is asked, so that paper can have its own. */
export function readTheme(scope: Element): ChartTheme {
  const style = getComputedStyle(scope);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('muted'),
    grid: read('grid'),
    border: read('border'),
    surface: read('surface'),
    buy: read('buy'),
    sell: read('sell'),
    rejected: read('rejected'),
    equity: read('equity'),
    cash: read('cash'),
    exposure: read('exposure'),
    drawdown: read('drawdown'),
    limit: read('limit'),
    other: read('other'),
    symbols: Array.from({ length: SYMBOL_COLOURS }, (_, index) => read(`symbol-${String(index)}`)),
  };
}

export function colourOf(theme: ChartTheme, colour: Colour): string {
  return typeof colour === 'number' ? (theme.symbols[colour % SYMBOL_COLOURS] ?? theme.text) : theme[colour];
}

/** Calls back when the reader's system changes between light and dark. */
export function onThemeChange(callback: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', callback);
}

/** Calls back before the page goes to paper, and after: the drawings have to be made again in the colours of paper. */
export function onPrint(before: () => void, after: () => void): void {
  addEventListener('beforeprint', before);
  addEventListener('afterprint', after);
  matchMedia('print').addEventListener('change', ({ matches }) => {
    if (matches) before();
    else after();
  });
}
