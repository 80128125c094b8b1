/** What a world says where it refuses a step: text, or one or more of `{action_index?, code?, message}`, made into the form that every refusal has. */
import type { RefusedAction } from '../../agent/stop';
import type { Json } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import { excerpt } from '../../codec/problem';
import { MESSAGE_CHARS_MAX, REFUSALS_MAX } from './limits';

const CODE = /^[a-z][a-z0-9_]{0,63}$/;

export function refusalsOf(refused: Json): readonly RefusedAction[] {
  const refusal: readonly Json[] = Array.isArray(refused) ? refused : [refused];
  return refusal.slice(0, REFUSALS_MAX).map(refusalOf);
}

function refusalOf(refusal: Json): RefusedAction {
  if (!isRecord(refusal))
    return { action_index: 0, code: 'refused', message: clipped(typeof refusal === 'string' ? refusal : excerpt(refusal)) };
  const { action_index: index, code, message } = refusal;
  return {
    action_index: typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : 0,
    code: typeof code === 'string' && CODE.test(code) ? code : 'refused',
    message: clipped(typeof message === 'string' ? message : ''),
  };
}

function clipped(text: string): string {
  return text.length > MESSAGE_CHARS_MAX ? `${text.slice(0, MESSAGE_CHARS_MAX).toWellFormed()}…` : text;
}
