/**
 * IAM as far as a policy of ours needs it: is a call allowed by these statements? An explicit deny wins, and what nothing allows is
 * denied. A policy of a bucket speaks of everybody, and is put together with that of a role. Source: "Policy evaluation logic" in the IAM User Guide. A form that is not handled here throws, so that no policy passes unread.
 */

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  /** In a policy of a resource; `*` is everybody. */
  readonly Principal?: string;
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
  /** Condition keys of the request; one that is not here is not in the request. */
  readonly context?: Readonly<Record<string, string>>;
}

const HANDLED = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'];

type Test = (value: string | undefined, expected: string) => boolean;

/** A key that is not in the request meets no condition but `Null`. */
const OPERATORS: Readonly<Record<string, Test>> = {
  Null: (value, expected) => (value === undefined) === (expected === 'true'),
  Bool: (value, expected) => value === expected,
  StringEquals: (value, expected) => value === expected,
  ArnEquals: (value, expected) => value !== undefined && matches(expected, value),
  StringLike: (value, expected) => value !== undefined && matches(expected, value),
  NumericLessThan: (value, expected) => value !== undefined && Number(value) < Number(expected),
};

export function isAllowed({ Statement: statements }: Policy, call: AwsCall): boolean {
  const speaking = statements.filter((statement) => speaksOf(statement, call));
  return speaking.some(({ Effect: effect }) => effect === 'Allow') && !speaking.some(({ Effect: effect }) => effect === 'Deny');
}

function speaksOf(statement: Statement, { action, resource, context = {} }: AwsCall): boolean {
  const strange = Object.keys(statement).filter((key) => !HANDLED.includes(key));
  if (strange.length > 0) throw new Error(`a statement with ${strange.join(', ')}: teach test/support/iam-policy.ts to read it`);
  // Actions compare without case, resources with it.
  const acts = listed(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
  return (
    acts &&
    (statement.Principal ?? '*') === '*' &&
    listed(statement.Resource).some((pattern) => matches(pattern, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) => {
      const test = OPERATORS[operator];
      if (test === undefined) throw new Error(`a condition ${operator}: teach test/support/iam-policy.ts to read it`);
      return Object.entries(keys).every(([key, expected]) => listed(expected).some((one) => test(context[key], one)));
    })
  );
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
