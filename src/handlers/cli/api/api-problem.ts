/** Why the API was not called, or did not answer: one line that says what to do. */
export type ApiProblem =
  /** What the user has set cannot work; nothing was sent. */
  | { readonly _tag: 'Misconfigured'; readonly message: string }
  /** No answer came, or not one of this API. */
  | { readonly _tag: 'NoAnswer'; readonly message: string };

export function misconfigured(message: string): ApiProblem {
  return { _tag: 'Misconfigured', message };
}

export function noAnswer(message: string): ApiProblem {
  return { _tag: 'NoAnswer', message };
}
