// A provider that is a script, for every framework: what it counts is what really went out, whoever thinks otherwise. No network, no key.

/** `turns`: what the model answers, one after the other: tool calls, a text, or a failure. */
export function makeProvider(turns) {
  const sent = { models: 0, tools: 0, outputTokens: 0 };
  let turn = 0;
  return {
    sent,
    /** What the next request is answered; never more tokens than its own maximum, as providers do. */
    next: (maxOutputTokens) => {
      sent.models += 1;
      const answer = turns[Math.min(turn, turns.length - 1)];
      turn += 1;
      if (answer.fails) {
        const error = Object.assign(new Error('overloaded'), { status: 503 });
        throw error;
      }
      const outputTokens = Math.min(answer.outputTokens ?? 5, maxOutputTokens ?? Infinity);
      sent.outputTokens += outputTokens;
      return { ...answer, outputTokens };
    },
    tool: () => {
      sent.tools += 1;
      return 'found';
    },
  };
}

export const toolCalls = (count) => ({ tools: Array.from({ length: count }, (_, index) => `call-${index}`) });
export const text = (outputTokens = 5) => ({ text: 'done', outputTokens });
export const failure = { fails: true };
