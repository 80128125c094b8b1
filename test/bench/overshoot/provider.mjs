// A provider that is a script, for every framework. What it counts is what really went out, whoever thinks otherwise.

export const calls = (count, name = 'search') => ({ tools: Array.from({ length: count }, () => name), outputTokens: 5 });
export const text = (outputTokens = 5) => ({ text: 'done', outputTokens });
export const failure = { fails: true };

/** `turns`: what the model answers, one after the other; the last one for ever. */
export function makeProvider(turns) {
  const sent = { models: 0, tools: 0, outputTokens: 0 };
  let turn = 0;
  return {
    sent,
    /** Keeps to the maximum of the request, as providers do; `undefined` where it fails. */
    next: (maxOutputTokens) => {
      const answer = turns[Math.min(turn, turns.length - 1)];
      turn += 1;
      sent.models += 1;
      if (answer.fails === true) return undefined;
      const outputTokens = Math.min(answer.outputTokens, maxOutputTokens ?? Infinity);
      sent.outputTokens += outputTokens;
      return { ...answer, outputTokens };
    },
    tool: async () => {
      sent.tools += 1;
      await Promise.resolve();
      return 'found';
    },
  };
}
