/** The head of a session: the number of its newest segment and the hash of that segment's last row, `<seq>-<hash>`. docs/spec.md section 8. */

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

const HEAD = /^(0|[1-9][0-9]{0,7})-([0-9a-f]{64})$/;

export function headText({ seq, hash }: Head): string {
  return `${String(seq)}-${hash}`;
}

/** Nothing where it is not a head. */
export function parseHead(text: string): Head | undefined {
  const match = HEAD.exec(text);
  return match === null ? undefined : { seq: JSON.parse(match[1] ?? '') as number, hash: match[2] ?? '' };
}
