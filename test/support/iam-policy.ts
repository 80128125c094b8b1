/**
 * IAM as far as a role policy of ours needs it: is a call allowed by these statements? An explicit deny wins, and what nothing allows is
 * denied. Source: "Policy evaluation logic" in the IAM User Guide. A form that is not handled here throws, so that no policy passes unread.
 */

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

export interface AwsCall {
  /** Such as `s3:PutObject`. */
  readonly action: string;
  readonly resource: string;
}

const HANDLED = ['Sid', 'Effect', 'Action', 'Resource'];

export function isAllowed({ Statement: statements }: Policy, call: AwsCall): boolean {
  const speaking = statements.filter((statement) => speaksOf(statement, call));
  return speaking.some(({ Effect: effect }) => effect === 'Allow') && !speaking.some(({ Effect: effect }) => effect === 'Deny');
}

function speaksOf(statement: Statement, { action, resource }: AwsCall): boolean {
  const strange = Object.keys(statement).filter((key) => !HANDLED.includes(key));
  if (strange.length > 0) throw new Error(`a statement with ${strange.join(', ')}: teach test/support/iam-policy.ts to read it`);
  // Actions compare without case, resources with it.
  const acts = listed(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
  return acts && listed(statement.Resource).some((pattern) => matches(pattern, resource));
}

function listed(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** `*` is any run of characters, `?` any one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
