/**
 * What the columns of price files are called, in the languages that exports come in. One table: the importer takes roles from it, and
 * `ewm run` the files that are no market yet.
 */

export const COLUMN_KINDS = ['time', 'clock', 'symbol', 'open', 'high', 'low', 'price', 'adjusted', 'volume', 'other'] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];

/** Names by kind, as `plainName` leaves them. Those under a language other than `en` also tell how the file writes dates. */
const NAMES: Readonly<Record<ColumnKind, Readonly<Record<string, string>>>> = {
  time: {
    en:
      'date time timestamp datetime day unix unixtime unixtimestamp epoch opentime snappedat gmttime localtime utctime t tradedate ' +
      'tradingday tradingdate transacttime tradetime eventtime windowstart candletime observationdate begin begins beginsat starttime bartime timeperiod asofdate pricedate period index',
    de: 'datum zeit zeitpunkt handelstag',
    fr: 'heure jour',
    es: 'fecha',
    it: 'data',
    nl: 'tijd',
  },
  clock: { en: 'timeofday', de: 'uhrzeit', es: 'hora', it: 'ora' },
  symbol: { en: 'symbol ticker instrument pair currencypair sym ric secid asset code name', de: 'kürzel wertpapier' },
  open: {
    en: 'open o opening openprice first',
    de: 'eröffnung eröffn eröffnungskurs erster',
    fr: 'ouverture ouv',
    es: 'apertura',
    pl: 'otwarcie',
  },
  high: {
    en: 'high h highprice max',
    de: 'hoch höchst tageshoch tageshöchst höchstkurs',
    fr: 'haut plushaut',
    es: 'máximo maximo máx',
    it: 'massimo',
    pl: 'najwyzszy',
  },
  low: {
    en: 'low l lowprice min',
    de: 'tief tiefst tagestief tagestiefst tiefstkurs',
    fr: 'bas plusbas',
    es: 'mínimo minimo mín',
    it: 'minimo',
    pl: 'najnizszy',
  },
  price: {
    en: 'close price last value c closing closeprice closingprice closelast lastprice rate settle settlement settlementprice',
    de: 'schluss schlusskurs kurs zuletzt letzter wert preis',
    fr: 'clôture cloture clot dernier cours',
    es: 'cierre último ultimo',
    it: 'chiusura',
    nl: 'slot slotkoers',
    pt: 'fechamento',
    pl: 'zamkniecie',
  },
  adjusted: { en: 'adjclose adjustedclose adjclosingprice adjustedclosingprice closeadj closeadjusted', de: 'bereinigterschluss' },
  volume: {
    en: 'volume vol v tickvol tickvolume volumefrom volumeto quantity qty size turnover amount',
    de: 'volumen umsatz stück',
    es: 'volumen',
    fr: 'volume',
    pl: 'wolumen',
    nl: 'omvang',
  },
  other: {
    en:
      '% openint openinterest oi spread count trades tradecount tradescount barcount numberoftrades numberoftrade n marketcap change chg change% chg% %change ' +
      'pctchange dividends stocksplits splits capitalgains quotevolume quoteassetvolume closetime ignore average avg vwap vw weightedprice ' +
      'bid ask mid bidprice askprice bidsize asksize currency per takerbuybasevolume takerbuyquotevolume takerbuybaseassetvolume ' +
      'takerbuyquoteassetvolume takerbasevol takerquotevol flags exchange isin wkn cusip adjopen adjhigh adjlow adjvolume divcash ' +
      'splitfactor return returns signal',
    de: 'veränderung änderung währung',
    fr: 'devise variation',
  },
};

interface Known {
  readonly kind: ColumnKind;
  readonly language: string;
}

const BY_NAME = new Map<string, Known>();
for (const kind of COLUMN_KINDS) {
  for (const [language, names] of Object.entries(NAMES[kind])) {
    for (const name of names.split(' ')) if (!BY_NAME.has(name)) BY_NAME.set(name, { kind, language });
  }
}

/** Names compare without case, spaces and punctuation: `Adj Close**` is `adj_close`, `<CLOSE>` is `Close`. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}%]/gu, '');
}

/**
 * The kind of each column of a header; `undefined` is a name that no export uses for a column: a symbol, perhaps. A unit in brackets is no
 * part of a name. One letter is a kind (`t,o,h,l,c,v`) only where the four of a bar are there: T, C and V are tickers.
 */
export function columnKinds(names: readonly string[]): readonly (ColumnKind | undefined)[] {
  const plain = names.map(plainName);
  const letters = ['o', 'h', 'l', 'c'].every((letter) => plain.includes(letter));
  return names.map((name, index) => ((plain[index] ?? '').length === 1 && !letters ? undefined : knownName(name)?.kind));
}

/** The language of a name that is not English. */
export function columnLanguage(name: string): string | undefined {
  const language = knownName(name)?.language;
  return language === 'en' ? undefined : language;
}

function knownName(name: string): Known | undefined {
  const known = BY_NAME.get(plainName(name)) ?? BY_NAME.get(plainName(name.replaceAll(/\([^)]*\)|\[[^\]]*\]/g, '')));
  if (known !== undefined) return known;
  // `Volume BTC`, `Volume USD`, `total_volume`.
  return /^volume\s|^(?:total|base|quote|trade|real)[\s_]volume$/i.test(name.trim()) ? { kind: 'volume', language: 'en' } : undefined;
}

/** Names that are tickers, too: alone they do not tell a raw price file from a market. */
const TICKERS: readonly string[] = ['open', 'low', 'high', 'last', 'first', 'rate', 'vol', 'size', 'amount', 'max', 'min'];

/**
 * The columns that make a header one of prices of one symbol, and not of a market: `Date,Open,High,Low,Close,Volume` is no market of five
 * symbols. Empty for a market.
 */
export function rawColumns(names: readonly string[]): readonly string[] {
  const kinds = columnKinds(names);
  const bars = (['open', 'high', 'low'] as const).every((kind) => kinds.includes(kind));
  const unambiguous = names.some((name, index) => {
    const kind = kinds[index];
    return (kind === 'price' || kind === 'adjusted' || kind === 'volume') && !TICKERS.includes(plainName(name));
  });
  if (!bars && !unambiguous) return [];
  return names.filter((_, index) => kinds[index] !== undefined && kinds[index] !== 'time' && kinds[index] !== 'clock');
}
