/** The top of a report of a run in a world file: what it came to, in the world's own words. */
import { refusalText } from '../../../../domain/report/refusals';
import { h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { record, type RunModel, text } from '../shared/run-model';
import type { WorldModel } from '../shared/world-model';
import { card } from './summary-view';

/** Totals shown as cards; the panel of a step has them all. */
const TOTALS_SHOWN = 12;

export function worldCards({ seal, page, calls }: RunModel, { figures, entries }: WorldModel): HTMLElement {
  const { sample } = page;
  const sampled = sample !== null && seal !== undefined;
  // Of a sample the rows do not add up: the seal has what they come to.
  const decisions = record(sampled ? seal['decisions'] : figures.decisions);
  const totals = sampled ? record(seal['final_totals']) : (figures.totals ?? {});
  const score = sampled ? seal['final_score'] : figures.score;
  const actions = sample?.world?.actions ?? figures.actions;
  const fuel = sample?.world?.fuel ?? figures.fuel;
  const most = figures.fuelMost;
  return h(
    'div',
    { class: 'cards' },
    ...(score === undefined ? [] : [card('Score', 'score', valueText(score), 'as the world counts it')]),
    ...Object.entries(totals)
      .slice(0, TOTALS_SHOWN)
      .map(([name, value]) => card(name, `total-${name}`, valueText(value), 'at the end')),
    card(
      'Decisions',
      'decisions',
      plural(sample?.steps_total ?? entries.length, 'step'),
      `${grouped(text(decisions['APPROVED']))} approved · ${grouped(text(decisions['REJECTED']))} rejected · ${grouped(text(decisions['HOLD']))} hold`,
    ),
    card('Actions', 'actions', grouped(String(actions)), 'applied'),
    ...(figures.refusals.length > 0 && sample === null
      ? [card('Rejected', 'rejected', plural(figures.decisions.REJECTED, 'step'), figures.refusals.map(refusalText).join(' · '))]
      : []),
    ...(calls.length > 0 ? [card('Calls', 'calls', plural(calls.length, 'call'), '')] : []),
    card(
      'Fuel',
      'fuel',
      grouped(String(fuel)),
      most === undefined
        ? ''
        : `most ${grouped(String(most.fuel))} at step ${grouped(String(most.step))}${sample === null ? '' : ', of those here'}`,
    ),
  );
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** An amount grouped; a text as it is; anything else as JSON. */
export function valueText(value: unknown): string {
  const stated = text(value);
  return DECIMAL.test(stated) ? grouped(stated) : stated;
}
