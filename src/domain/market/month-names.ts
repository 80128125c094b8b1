/** Month names, whole or cut short, in the languages that price files come in. */

const NAMES: readonly (readonly string[])[] = [
  ['january', 'januar', 'jänner', 'janvier', 'enero', 'gennaio', 'januari', 'janeiro'],
  ['february', 'februar', 'février', 'fevrier', 'febrero', 'febbraio', 'februari', 'fevereiro'],
  ['march', 'märz', 'maerz', 'mrz', 'mars', 'marzo', 'maart', 'março'],
  ['april', 'avril', 'abril', 'aprile'],
  ['may', 'mai', 'mayo', 'maggio', 'mei', 'maio'],
  ['june', 'juni', 'juin', 'junio', 'giugno', 'junho'],
  ['july', 'juli', 'juillet', 'julio', 'luglio', 'julho'],
  ['august', 'août', 'aout', 'agosto', 'augustus'],
  ['september', 'septembre', 'septiembre', 'settembre', 'setembro'],
  ['october', 'oktober', 'octobre', 'octubre', 'ottobre', 'outubro'],
  ['november', 'novembre', 'noviembre', 'novembro'],
  ['december', 'dezember', 'décembre', 'decembre', 'diciembre', 'dicembre', 'dezembro'],
];

const known = new Map<string, number | undefined>();

/** 1 to 12; `undefined` when no month starts so, or when two of them do. At least three letters. */
export function monthNumber(text: string): number | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length < 3) return undefined;
  if (known.has(name)) return known.get(name);
  const months = NAMES.flatMap((names, index) => (names.some((full) => full.startsWith(name)) ? [index + 1] : []));
  const month = months.length === 1 ? months[0] : undefined;
  // A file has few of them; one that has many must not fill the memory.
  if (known.size < 1_000) known.set(name, month);
  return month;
}
