/** Completion scripts for shells, made from the commands themselves, so that none is forgotten. */
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, program: Command): string {
  const commands = commandsOf(program, '');
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return `autoload -Uz bashcompinit && bashcompinit\n${bashScript(commands)}`;
    case 'fish':
      return fishScript(commands);
  }
}

interface Completed {
  /** Words from the program on, a space before each; empty for the program itself. */
  readonly path: string;
  readonly description: string;
  readonly names: readonly string[];
  readonly options: readonly Option[];
}

function commandsOf(command: Command, path: string): readonly Completed[] {
  const options = command.createHelp().visibleOptions(command);
  const names = command.commands.map((inner) => inner.name());
  return [
    { path, description: command.description(), names, options },
    ...command.commands.flatMap((inner) => commandsOf(inner, `${path} ${inner.name()}`)),
  ];
}

function flagsOf({ long, short }: Option): readonly string[] {
  return [long, short].filter((flag) => flag !== undefined);
}

/** Words where a command or an option begins, the choices of an option behind it, and files everywhere else. */
function bashScript(commands: readonly Completed[]): string {
  const inner = commands.filter(({ path }) => path !== '');
  const choices = commands.flatMap(({ path, options }) =>
    options.flatMap((option) =>
      option.argChoices === undefined
        ? []
        : flagsOf(option).map((flag) => [`${path} ${flag}`, option.argChoices?.join(' ') ?? ''] as const),
    ),
  );
  return [
    '_ewm() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" path="" words="" names="" i',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "$path ${COMP_WORDS[i]}" in',
    `      ${inner.map(({ path }) => quoted(path)).join(' | ')}) path="$path \${COMP_WORDS[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$path ${COMP_WORDS[COMP_CWORD - 1]}" in',
    ...choices.map(([where, words]) => `    ${quoted(where)}) COMPREPLY=($(compgen -W ${quoted(words)} -- "$cur")); return ;;`),
    '  esac',
    '  case "$path" in',
    ...commands.map(
      ({ path, names, options }) =>
        `    ${quoted(path)}) names=${quoted(names.join(' '))} words=${quoted(options.flatMap(flagsOf).join(' '))} ;;`,
    ),
    '  esac',
    '  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  else COMPREPLY=($(compgen -W "$names" -- "$cur") $(compgen -f -- "$cur")); fi',
    '}',
    'complete -o filenames -F _ewm ewm',
    '',
  ].join('\n');
}

function fishScript(commands: readonly Completed[]): string {
  return commands
    .flatMap(({ path, names, options }) => {
      const seen = path.split(' ').filter((word) => word !== '');
      const inner = names.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${names.join(' ')}`;
      const within = seen.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
      const here = quoted(seen.length === 0 ? '__fish_use_subcommand' : within + inner);
      return [
        ...names.map((name) => {
          const description = commands.find((one) => one.path === `${path} ${name}`)?.description ?? '';
          return `complete -c ewm -n ${here} -a ${name} -d ${quoted(description)}`;
        }),
        ...options.map((option) => {
          const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
          const value = option.required || option.optional ? ' -r' : '';
          const choices = option.argChoices === undefined ? '' : ` -x -a ${quoted(option.argChoices.join(' '))}`;
          return `complete -c ewm -n ${here} -l ${option.long?.slice(2) ?? ''}${short}${value}${choices} -d ${quoted(option.description)}`;
        }),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
