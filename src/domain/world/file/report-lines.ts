/** How `report.md` shows a run in a world file. */
import { canonical, type Json, type JsonObject } from '../../canonical/canonical';
import type { WorldReport } from '../../episode/world';
import { cell } from '../../markdown';
import type { WorldMeta } from './definition';
import type { FileInput, FileTransition } from './transition';

const TEXT_CHARS = 120;

export function fileReport({ name, version }: WorldMeta): WorldReport<FileInput, FileTransition> {
  return {
    inputRows: ({ seed, engine_sha256: engine }) => [
      `| world | ${cell(`${name} ${version}`)} |`,
      `| engine | \`${typeof engine === 'string' ? engine : ''}\` |`,
      `| seed | ${typeof seed === 'string' ? cell(seed) : 'none'} |`,
    ],
    outcomeRows: ({ final_score: score, final_totals: totals, final_state: state }) => [
      ...(score === undefined ? [] : [`| score | ${shown(score)} |`]),
      ...totalRows(totals ?? null),
      `| final state | ${shown(state ?? null)} |`,
    ],
    stepHead: ['| step | actions | decision | totals | fuel |', '| ---: | --- | --- | --- | ---: |'],
    stepLine: (step, _input, { actions, decision, after, fuel }) => {
      const totals = decision === 'REJECTED' ? null : (after.outcome?.totals ?? null);
      const done = actions.map((action) => shown(action)).join('; ');
      return `| ${String(step)} | ${done} | ${decision} | ${totals === null ? '' : shown(totals)} | ${String(fuel)} |`;
    },
    refusalLines: (step, { actions, refused }) =>
      refused
        .map(({ action_index: index, code, message }) => {
          const action = actions[index];
          return `| ${String(step)} | ${action === undefined ? '' : shown(action)} | ${cell(code)} | ${cell(message)} |`;
        })
        .join('\n'),
  };
}

function totalRows(totals: Json): readonly string[] {
  if (totals === null || typeof totals !== 'object') return [];
  return Object.entries(totals as JsonObject).map(([name, value]) => `| ${cell(name)} | ${shown(value)} |`);
}

function shown(value: Json): string {
  const text = typeof value === 'string' ? value : canonical(value);
  return cell(text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS).toWellFormed()}…` : text);
}
