// One agent of several: takes a part of a session's budget, makes tool calls until its guard refuses, gives the rest back, and says what it sent.
// `node session-agent.mjs LIBRARY OPTIONS`: OPTIONS as JSON, `{session, name, budget, tape, calls, crash}`.
const [library, options] = process.argv.slice(2);
const { guardFromSession, refusalOf } = await import(library);
const { session, name, budget, tape, calls, crash } = JSON.parse(options);
let sent = 0;
let refusal;
let run;
try {
  const around = await guardFromSession({
    session,
    name,
    budget,
    tape,
    prices: { as_of: '2026-11-01', models: [], tools: { search: 10 } },
  });
  const search = around.tool('search', async (query) => {
    sent += 1;
    await Promise.resolve();
    return query;
  });
  const outcomes = await Promise.allSettled(Array.from({ length: calls }, (_, at) => search(`query ${at}`)));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  refusal = failed === undefined ? undefined : refusalOf(failed.reason);
  if (crash === true) {
    process.stdout.write(JSON.stringify({ sent, run: around.runId }));
    process.exit(0);
  }
  run = (await around.close()).summary.runId;
} catch (error) {
  refusal = refusalOf(error) ?? { code: 'thrown', message: String(error) };
}
process.stdout.write(JSON.stringify({ sent, refusal, run }));
