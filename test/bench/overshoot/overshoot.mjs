// By how much a cap is overshot: each scenario on each framework under its own caps, and under a guard. The provider is a script that counts what
// really went out. `node test/bench/overshoot/overshoot.mjs` prints the table of docs/guard.md, `--json` what the test reads.
import { guard } from 'executable-world-models';
import { makeMemoryRunReader, makeMemoryRunWriter } from 'executable-world-models/testing';
import { verify } from 'executable-world-models';
import { readFileSync } from 'node:fs';
import { scenarios as aiSdk } from './ai-sdk.mjs';
import { scenarios as langchain } from './langchain.mjs';
import { calls, failure, makeProvider, text } from './provider.mjs';
import { scenarios as strands } from './strands.mjs';

const FRAMEWORKS = { ai: aiSdk, '@strands-agents/sdk': strands, langchain };

const MANY = 1_000;

/** `most`: the cap; `counted`: what of that really went out. */
const CASES = {
  parallel: {
    what: '8 parallel tool calls, 3 allowed',
    most: 3,
    counted: 'tools',
    budget: { max_tool_calls: 3 },
    turns: [calls(8), text()],
  },
  retries: {
    what: 'a provider that fails, 1 model call allowed',
    most: 1,
    counted: 'models',
    budget: { max_model_calls: 1 },
    turns: [failure],
  },
  oversized: {
    what: 'an answer of 1,100 tokens, 50 allowed',
    most: 50,
    counted: 'outputTokens',
    budget: { max_output_tokens: 50 },
    turns: [text(1_100)],
  },
  nested: {
    what: 'two agents of 4 tool calls, 3 allowed together',
    most: 3,
    counted: 'tools',
    budget: { max_tool_calls: 3 },
    turns: [calls(4), calls(4), text()],
  },
  cut: {
    what: 'streams of 30 tokens that are cut off, 50 allowed',
    most: 50,
    counted: 'outputTokens',
    budget: { max_output_tokens: 50 },
    turns: [text(30)],
  },
};

async function measure(run, { turns, most, counted, budget }, guarded) {
  const provider = makeProvider(turns);
  const tape = makeMemoryRunWriter();
  const around = guarded ? guard({ budget: { max_tool_calls: MANY, max_model_calls: MANY, ...budget }, tape }) : undefined;
  let ended = 'done';
  try {
    await run(provider, around, most);
  } catch (error) {
    ended = error instanceof Error ? error.name : String(error);
  }
  const overshoot = Math.max(0, provider.sent[counted] - most);
  if (around === undefined) return { sent: provider.sent[counted], overshoot, ended };
  await around.close();
  const verdict = await verify(makeMemoryRunReader(tape.files()));
  return { sent: provider.sent[counted], overshoot, ended, refusal: around.refusal()?.limiter, proved: verdict.right?._tag === 'Proven' };
}

const measured = {};
for (const [framework, scenarios] of Object.entries(FRAMEWORKS)) {
  measured[framework] = {};
  for (const [name, one] of Object.entries(CASES)) {
    measured[framework][name] = { own: await measure(scenarios[name], one, false), guarded: await measure(scenarios[name], one, true) };
  }
}

if (process.argv.includes('--json')) console.log(JSON.stringify(measured));
else {
  const versions = Object.keys(FRAMEWORKS).map(
    (name) => `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version}`,
  );
  console.log(`| overshoot, own caps / guard | ${versions.join(' | ')} |\n| --- |${' ---: |'.repeat(versions.length)}`);
  for (const [name, { what }] of Object.entries(CASES)) {
    const cells = Object.values(measured).map((by) => `${by[name].own.overshoot} / ${by[name].guarded.overshoot}`);
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  }
}
// Providers that hang are left behind.
process.exit();
