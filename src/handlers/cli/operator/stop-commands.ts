/** `ewm stop`, `ewm resume`, `ewm status`: a line for each part of a place, and what is left to do where a part failed. */
import { isLeft } from 'fp-ts/Either';
import { oneLine, stoppedBy, WHO_CHARS_MAX, WHY_CHARS_MAX } from '../../../domain/agent/stop-switch';
import { printable } from '../../../domain/codec/printable';
import { type Part, type Place, reservedText, resumePlace, stopPlace } from '../../../domain/operator/place';
import { operator } from '../../compose-operator';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import type { PlaceOptions, StopOptions } from './add-stop-commands';
import { type NamedPlace, placesOf } from './places';

export async function stopCommand(options: StopOptions, io: Io): Promise<ExitCode> {
  const { reason, who = operator.user(), json = false } = options;
  for (const [flag, text, charsMax] of [
    ['--reason', reason, WHY_CHARS_MAX],
    ['--who', who, WHO_CHARS_MAX],
  ] as const) {
    if (text.length > charsMax)
      return fail(io, json, usageFailure(`${flag} has ${String(text.length)} characters: at most ${String(charsMax)}`));
  }
  const order = { who: oneLine(who, WHO_CHARS_MAX), why: oneLine(reason, WHY_CHARS_MAX), at: operator.now() };
  return changing(options, io, (place) => stopPlace(place, order, operator.deadline()), 'stopped; ewm resume lets it go on');
}

export function resumeCommand(options: PlaceOptions, io: Io): Promise<ExitCode> {
  return changing(options, io, (place) => resumePlace(place, operator.deadline()), 'goes on');
}

type Changed = NamedPlace & { readonly parts: readonly Part[] };

async function changing(
  options: PlaceOptions,
  io: Io,
  change: (place: Place) => Promise<readonly Part[]>,
  done: string,
): Promise<ExitCode> {
  const json = options.json === true;
  const places = await placesOf(options);
  if (isLeft(places)) return fail(io, json, places.left);
  const changed: Changed[] = [];
  // One after another: what is near is stopped before what is far.
  for (const place of places.right) changed.push({ ...place, parts: place.place === undefined ? [] : await change(place.place) });
  const failed = changed.flatMap(({ parts }) => parts.filter(({ outcome }) => outcome === 'failed'));
  for (const { name, parts, why } of changed) {
    if (why !== undefined) await io.stderr.write(`ewm: ${name}: ${printable(why)}\n`);
    for (const { name: part, outcome, message } of parts) {
      const line = `${name} ${part}: ${message}`;
      if (outcome === 'failed') await io.stderr.write(`ewm: NOT DONE: ${printable(line)}\n`);
      else if (!json) await io.stdout.write(`${printable(line)}\n`);
    }
    if (!json && parts.length > 0 && parts.every(({ outcome }) => outcome !== 'failed')) await io.stdout.write(`${name}: ${done}\n`);
  }
  if (failed.length > 0) {
    const left = failed.map((part) => part.name).join(', ');
    await io.stderr.write(`ewm: left to do: ${printable(left)}; the same command again does what is left\n`);
  }
  if (json) {
    const outcomes = changed.map(({ name, parts, why }) => ({ place: name, parts, ...(why === undefined ? {} : { none: why }) }));
    await io.stdout.write(`${JSON.stringify({ ok: failed.length === 0, places: outcomes })}\n`);
  }
  return failed.length === 0 ? EXIT.ok : EXIT.cannotWrite;
}

interface Status {
  readonly place: NamedPlace['name'];
  /** Where the switch lies; nothing where there is no such place. */
  readonly switch?: string;
  readonly stopped: boolean;
  readonly who?: string | null;
  readonly why?: string;
  readonly at?: string | null;
  readonly functions?: readonly { readonly name: string; readonly message: string; readonly held: boolean }[];
}

export async function statusCommand(options: PlaceOptions, io: Io): Promise<ExitCode> {
  const json = options.json === true;
  const places = await placesOf(options);
  if (isLeft(places)) return fail(io, json, places.left);
  const statuses = await Promise.all(places.right.map(statusOf));
  if (json) await io.stdout.write(`${JSON.stringify({ ok: true, stopped: statuses.some(({ stopped }) => stopped), places: statuses })}\n`);
  else for (const status of statuses) await io.stdout.write(statusText(status));
  return statuses.some(({ stopped }) => stopped) ? EXIT.refused : EXIT.ok;
}

async function statusOf({ name, place, why: none }: NamedPlace): Promise<Status> {
  if (place === undefined) return { place: name, stopped: false, why: none ?? '' };
  const deadline = operator.deadline();
  const state = await place.stopSwitch.read(deadline)();
  const order = isLeft(state) ? stoppedBy(state.left) : state.right;
  const functions = await Promise.all(
    place.functions?.all.map(async ({ name: called }) => {
      const reserved = await place.functions?.concurrency.read(called, deadline)();
      if (reserved === undefined || isLeft(reserved)) return { name: called, message: 'cannot be read', held: true };
      return { name: called, message: reservedText(reserved.right), held: reserved.right === 0 };
    }) ?? [],
  );
  return {
    place: name,
    switch: place.stopSwitch.location,
    stopped: order !== undefined || functions.some(({ held }) => held),
    ...(order === undefined ? {} : { who: order.who, why: order.why, at: order.at }),
    ...(place.functions === undefined ? {} : { functions }),
  };
}

function statusText({ place, switch: location, who, why, at, functions = [] }: Status): string {
  if (location === undefined) return `${place}: ${printable(why ?? '')}\n`;
  const state =
    why === undefined ? 'not stopped' : typeof who === 'string' ? `stopped by ${who} at ${at ?? ''}: ${why}` : `counts as stopped: ${why}`;
  const lines = [`${place} ${location}: ${state}`, ...functions.map(({ name, message }) => `${place} ${name}: ${message}`)];
  return lines.map((line) => `${printable(line)}\n`).join('');
}
