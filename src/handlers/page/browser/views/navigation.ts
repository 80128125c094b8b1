/**
 * The one selected step: charts, lists, panel and address follow it. Invariant: what shows a step is told of every change, also one that was
 * made before it was there.
 */
import type { Chart } from '../charts/chart';
import { makeInspector, nearest } from './inspector';
import type { Entry } from '../shared/run-model';

export interface Navigation<E> {
  readonly inspector: HTMLElement | null;
  readonly pick: (entry: E) => void;
  readonly pickStep: (step: number) => void;
  /** Told at once of the step selected already, if there is one. */
  readonly onPick: (listener: (entry: E) => void) => void;
  readonly follow: (...charts: readonly Chart[]) => void;
  /** Shows the step that the address names, or the first that did something. */
  readonly begin: () => void;
}

/** One selected step for charts, list, panel and address. */
export function makeNavigation<E extends Entry>(steps: readonly E[], partsOf: (entry: E) => readonly HTMLElement[]): Navigation<E> {
  const listeners: ((entry: E) => void)[] = [];
  const inspector = steps.length === 0 ? undefined : makeInspector(steps, partsOf, pick);

  let selected: E | undefined;

  function show(entry: E): void {
    selected = entry;
    inspector?.show(entry);
    for (const listener of listeners) listener(entry);
  }

  function pick(entry: E): void {
    show(entry);
    history.replaceState(null, '', `#step=${String(entry.point.step)}`);
  }

  function pickStep(step: number): void {
    const entry = steps[nearest(steps, step)];
    if (entry !== undefined) pick(entry);
  }

  function fromAddress(): boolean {
    const named = /^#step=(\d{1,15})$/.exec(location.hash)?.[1];
    if (named !== undefined) pickStep(Number(named));
    return named !== undefined;
  }

  function onPick(listener: (entry: E) => void): void {
    listeners.push(listener);
    if (selected !== undefined) listener(selected);
  }

  addEventListener('hashchange', fromAddress);
  return {
    inspector: inspector?.element ?? null,
    pick,
    pickStep,
    onPick,
    follow: (...charts) => {
      for (const chart of charts)
        onPick(({ point }) => {
          chart.select(point.step);
        });
    },
    begin: () => {
      if (fromAddress()) return;
      const entry = steps.find(({ point }) => point.decision !== 'HOLD') ?? steps[0];
      if (entry !== undefined) show(entry);
    },
  };
}
