/**
 * The pages of this server: the list of runs, the report of each, and the sessions.
 * Invariant: each goes out under a policy that lets nothing run but the program that this build made for it; one report is made at a time,
 * so what the server holds does not grow with the number of those who ask.
 */
import { isLeft } from 'fp-ts/Either';
import { type DescribeWorld, readRun } from '../../domain/run/read-page';
import type { StoreError } from '../../ports/run-files';
import { pagePolicy, renderPage } from '../page/html';
import { packRun } from '../page/pack';
import { type HtmlPage, playPage, problemPage, serverPage } from '../page/server-html';
import { NOT_FOUND, type Reply, reply } from './reply';
import { REQUEST_FORMS } from './request-examples';
import { type InFolder, listRuns, type PageRoute, readerOf, readList, readRunFile, receiptOf, type RunCatalog } from './runs';
import { listSessions, type SessionCatalog } from './sessions';

export interface PagesDeps {
  readonly catalog: RunCatalog;
  readonly sessions: SessionCatalog;
  readonly about: Readonly<Record<string, string>>;
  readonly note: (what: string) => void;
  readonly describeWorld: DescribeWorld;
}

const MADE_BY = `ewm ${EWM_VERSION}`;

/** Answers a GET or HEAD of what the runs left. */
export function makePages({ catalog, sessions, about, note, describeWorld }: PagesDeps): (route: PageRoute) => Promise<Reply> {
  let last: Promise<unknown> = Promise.resolve();

  async function home(): Promise<Reply> {
    const list = await readList(catalog, note);
    if (list === undefined)
      return htmlReply(
        503,
        problemPage('The runs cannot be listed', 'The directory of the artifacts cannot be read. The server has printed why.'),
      );
    return htmlReply(200, serverPage({ list, forms: REQUEST_FORMS, about: standIns(about), madeBy: MADE_BY }));
  }

  async function report(route: InFolder): Promise<Reply> {
    const { folder } = route;
    const reader = readerOf(catalog, route);
    if (reader === undefined) return NOT_FOUND;
    const run = await readRun(reader, undefined, undefined, describeWorld);
    if (isLeft(run)) return unreadable(folder, run.left, note);
    const html = renderPage({
      version: 1,
      made_by: MADE_BY,
      a: await packRun(folder, run.right, await receiptOf(catalog, route)),
      b: null,
      diff: null,
    });
    return htmlReply(200, { html, policy: pagePolicy() });
  }

  function inTurn(route: InFolder): Promise<Reply> {
    const mine = last.then(() => report(route));
    last = mine.catch(() => undefined);
    return mine;
  }

  return (route) => {
    switch (route._tag) {
      case 'Home':
        return home();
      case 'Play':
        return Promise.resolve(htmlReply(200, playPage(MADE_BY)));
      case 'Sessions':
        return listSessions(sessions, route.after, note);
      case 'List':
        return listRuns(catalog, note);
      case 'Report':
        return inTurn(route);
      case 'File':
        return readRunFile(route, catalog, note);
    }
  };
}

function unreadable(folder: string, error: StoreError, note: (what: string) => void): Reply {
  if (error._tag === 'NotFound')
    return htmlReply(404, problemPage('No such run', `No run of this server is called ${folder}, or it has no tape.`));
  note(`${folder} cannot be shown: ${JSON.stringify(error)}`);
  // The name of the file and not the path to it: a page may be shown to others.
  const file = error.path.split(/[/\\]/).at(-1) ?? '';
  return htmlReply(503, problemPage('This run cannot be read', `${folder}: ${file}: ${error.reason}.`));
}

/** On every page: it is not framed, sends no address on, and shares nothing with a page of another origin. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const;

function htmlReply(status: number, { html, policy }: HtmlPage): Reply {
  return reply(status, Buffer.from(html), { ...PAGE_HEADERS, 'content-security-policy': `${policy}; frame-ancestors 'none'` });
}

/** Without where the artifacts are: a page may be shown to others. */
function standIns(about: PagesDeps['about']): readonly (readonly [string, string])[] {
  return Object.entries(about).flatMap(([what, label]) => (what === 'artifacts' ? [] : [[what.replaceAll('_', ' '), label] as const]));
}
