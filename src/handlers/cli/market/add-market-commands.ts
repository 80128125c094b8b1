/** The commands that make a market. What they need is loaded when one of them is called, and not before. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HeaderChoice } from '../../../domain/market/import-dialect';
import type { ImportForm } from '../../../domain/market/import-layout';
import type { DecimalMark } from '../../../domain/market/import-number';
import type { DuplicateChoice, MissingChoice } from '../../../domain/market/import-steps';
import type { DateOrder } from '../../../domain/market/import-time';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';

/** Choices as records, so that none is forgotten: a new variant does not compile until it stands here. */
const FORMS = choices<ImportForm>({ wide: true, long: true, ohlcv: true });
const MISSING = choices<MissingChoice>({ error: true, drop: true, fill: true });
const DUPLICATES = choices<DuplicateChoice>({ error: true, same: true });
const HEADERS = choices<HeaderChoice>({ none: true, one: true, many: true });
const DATE_ORDERS = choices<DateOrder>({ mdy: true, dmy: true });

const DELIMITERS: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  space: ' ',
  colon: ':',
};
const DECIMALS: Readonly<Record<string, DecimalMark>> = { '.': '.', ',': ',', point: '.', dot: '.', comma: ',' };

const DETECTED = `
What is not stated is told from the file and said on stderr: separator, decimal mark, header,
columns, dates. Where the file leaves open what would change a price, a day or a symbol, the error
names the option. docs/import.md has a table of sources.
`;

interface ImportFlags {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly form?: ImportForm;
  readonly symbols?: readonly string[];
  readonly symbol?: string;
  readonly column?: string;
  readonly timeColumn?: string;
  readonly rename?: readonly string[];
  readonly missing?: MissingChoice;
  readonly duplicates?: DuplicateChoice;
  readonly delimiter?: string;
  readonly decimal?: DecimalMark;
  readonly encoding?: string;
  readonly header?: HeaderChoice;
  readonly skipLines?: number;
  readonly dateFormat?: string;
  readonly dateOrder?: DateOrder;
  readonly zone?: string;
  readonly from?: string;
  readonly to?: string;
}

interface GenerateFlags {
  readonly symbols: readonly string[];
  readonly steps: number;
  readonly seed: string;
  readonly startPrice?: string;
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What all commands share: options that must be there, and how their values are read. */
export interface Parsing {
  readonly need: (flags: string, description: string) => Option;
  readonly count: (text: string) => number;
  readonly path: (text: string) => string;
}

export function addMarketCommands(program: Command, { need, count, path }: Parsing, io: Io, finish: (exit: ExitCode) => void): void {
  const market = program.command('market').description('make a market from price files, or from a seed').usage('<command> [options]');
  const force = (): Option => new Option('--force', 'replace the file');
  const report = (): Option => new Option('--json', 'report as one JSON document, of an error too; on stderr when --out is -');

  market
    .command('import')
    .description('read price files as people have them (.csv and its kin, .gz, .zip) as a market')
    .usage('<file> --out <file> [options]')
    .argument('<file>', 'prices as found; - is stdin', path)
    .addOption(new Option('--out <file>', '.jsonl, .json or .csv; - is stdout, as .jsonl').argParser(path))
    .option('--dry-run', 'show the first rows as understood, and write nothing')
    .option('--symbol <symbol>', 'what a file of one symbol is about')
    .option('--symbols <list>', 'only these, in this order: A,B', list)
    .option('--rename <A=B>', 'call symbol A of the file B; may be said again', (text: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      text,
    ])
    .addOption(new Option('--form <form>', 'layout (default: told from the columns)').choices(FORMS))
    .option('--column <name>', 'price column, by name or number')
    .option('--time-column <name>', 'time column, by name or number; "Date,Time" joins two')
    .addOption(
      new Option(
        '--missing <choice>',
        'where a symbol has no price (default: rows without any price are left out, another gap is an error)',
      ).choices(MISSING),
    )
    .addOption(
      new Option('--duplicates <choice>', 'a second price of a time: error (default), or same: leave equal ones out').choices(DUPLICATES),
    )
    .addOption(new Option('--delimiter <char>', 'between cells: one character, or comma, semicolon, tab, pipe, space').argParser(delimiter))
    .addOption(new Option('--decimal <mark>', 'decimal mark: . or ,').argParser(decimal))
    .option('--encoding <name>', 'such as windows-1252 or utf-16le (default: UTF-8, or what a byte order mark says)')
    .addOption(new Option('--header <lines>', 'none, one, or many: a line of fields and one of symbols').choices(HEADERS))
    .addOption(new Option('--skip-lines <n>', 'lines before the table').argParser(lines))
    .option('--date-format <format>', 'mdy, dmy, ymd, epoch-s, -ms, -us, -ns, excel, or a pattern: DD.MM.YY HH:mm')
    .addOption(new Option('--date-order <order>', 'the same as --date-format').choices(DATE_ORDERS).hideHelp())
    .option('--zone <zone>', 'of times without an offset: +05:30, America/New_York (default: UTC)')
    .option('--from <time>', 'first day or instant')
    .option('--to <time>', 'last day or instant')
    .addOption(force())
    .addOption(report())
    .addHelpText('after', `${DETECTED}\nExample:\n  ewm market import AAPL.csv --symbol AAPL --out aapl.jsonl`)
    .action(async (file: string, flags: ImportFlags) => {
      const { importCommand } = await import('./import-command');
      const { out, force: replace, json, dryRun, rename: renames, dateOrder, dateFormat = dateOrder, ...stated } = flags;
      finish(
        await importCommand(file, { ...stated, renames, dateFormat, dryRun: dryRun === true }, out, replace === true, json === true, io),
      );
    });

  market
    .command('generate')
    .description('a random market: the same seed gives the same bytes everywhere')
    .usage('--symbols <list> --steps <n> --seed <text> [options]')
    .addOption(need('--symbols <list>', 'such as A,B').argParser(list))
    .addOption(need('--steps <n>', 'how long').argParser(count))
    .addOption(need('--seed <text>', 'any text').argParser((text: string) => text))
    .option('--start-price <price>', 'of every symbol at step 0 (default: 100)')
    .addOption(new Option('--out <file>', '.jsonl, .json or .csv; - is stdout, as .jsonl').argParser(path).default('-'))
    .addOption(force())
    .addOption(report())
    .addHelpText('after', '\nExample:\n  ewm market generate --symbols A,B --steps 1000 --seed 7 --out random.jsonl')
    .action(async (flags: GenerateFlags) => {
      const { generateCommand } = await import('./generate-command');
      const { out, force: replace, json, ...walk } = flags;
      finish(await generateCommand(walk, { out, force: replace === true, json: json === true }, io));
    });
}

function choices<T extends string>(all: Readonly<Record<T, true>>): T[] {
  return Object.keys(all) as T[];
}

function list(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim());
}

function delimiter(text: string): string {
  const named = DELIMITERS[text.toLowerCase()] ?? text;
  if (named.length !== 1 || /["\r\n\p{L}\p{N}.+-]/u.test(named)) {
    throw new InvalidArgumentError('expected one character, or comma, semicolon, tab, pipe or space');
  }
  return named;
}

function decimal(text: string): DecimalMark {
  const mark = DECIMALS[text.toLowerCase()];
  if (mark === undefined) throw new InvalidArgumentError('expected . or ,');
  return mark;
}

function lines(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('expected a number of lines');
  return Number(text);
}
