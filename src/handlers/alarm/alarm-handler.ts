/**
 * An alarm that pulls the stop switch: a message of CloudWatch or of AWS Budgets, by way of SNS. Whatever else comes is refused, and stops nothing.
 * Invariant: each part is tried, whatever became of the others; a part that failed is an error of the invocation, and an alarm looks at those.
 */
import { oneLine, WHO_CHARS_MAX, WHY_CHARS_MAX } from '../../domain/agent/stop-switch';
import { isRecord } from '../../domain/codec/codec';
import { parseJson } from '../../domain/codec/parse';
import type { Part } from '../../domain/operator/place';
import type { StopOrder } from '../../ports/stop-switch';
import type { Telemetry } from '../../ports/telemetry';

export interface AlarmParts {
  readonly pull: (order: StopOrder, remainingMs: number) => Promise<readonly Part[]>;
  /** UTC, ISO 8601. */
  readonly now: () => string;
  readonly telemetry: Telemetry;
}

export interface AlarmContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

export type AlarmHandler = (event: unknown, context: AlarmContext) => Promise<{ readonly stopped: boolean }>;

export function makeAlarmHandler({ pull, now, telemetry }: AlarmParts): AlarmHandler {
  return async (event, { awsRequestId: requestId, getRemainingTimeInMillis }) => {
    const causes = causesIn(event);
    if (causes === undefined) {
      telemetry.note('error', 'not_an_alarm', { request_id: requestId });
      throw new Error('not a message of SNS: nothing was stopped');
    }
    const [cause] = causes;
    if (cause === undefined) {
      telemetry.note('info', 'no_alarm', { request_id: requestId });
      return { stopped: false };
    }
    const order = { who: oneLine(cause.who, WHO_CHARS_MAX), why: oneLine(cause.why, WHY_CHARS_MAX), at: now() };
    telemetry.note('warn', 'stop', { request_id: requestId, ...order });
    const parts = await pull(order, getRemainingTimeInMillis());
    for (const { name, outcome, message } of parts)
      telemetry.note(outcome === 'failed' ? 'error' : 'info', 'stop_part', { request_id: requestId, part: name, outcome, message });
    const failed = parts.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
    if (failed.length > 0) throw new Error(`not stopped: ${failed.join(', ')}; make stop does what is left`);
    return { stopped: true };
  };
}

interface Cause {
  readonly who: string;
  readonly why: string;
}

/** The alarms that a message tells of; nothing where it is none of SNS. One that is over stops nothing. */
function causesIn(event: unknown): readonly Cause[] | undefined {
  const records: unknown = isRecord(event) ? event['Records'] : undefined;
  if (!Array.isArray(records) || records.length === 0) return undefined;
  const causes: Cause[] = [];
  for (const record of records as readonly unknown[]) {
    const message = isRecord(record) && record['EventSource'] === 'aws:sns' && isRecord(record['Sns']) ? record['Sns'] : undefined;
    if (message === undefined) return undefined;
    const { Message: text, Subject: subject, TopicArn: topic } = message;
    const cause = causeOf(typeof text === 'string' ? text : '', typeof subject === 'string' ? subject : '', String(topic));
    if (cause !== undefined) causes.push(cause);
  }
  return causes;
}

/** CloudWatch writes JSON; AWS Budgets writes a letter, whose first line says it. */
function causeOf(text: string, subject: string, topic: string): Cause | undefined {
  const alarm = parseJson(text);
  if (isRecord(alarm) && typeof alarm['AlarmName'] === 'string') {
    if (alarm['NewStateValue'] !== 'ALARM') return undefined;
    const reason = alarm['NewStateReason'];
    return {
      who: `alarm ${alarm['AlarmName']}`,
      why: typeof reason === 'string' && reason.trim() !== '' ? reason : 'the alarm was raised',
    };
  }
  const why = [subject, text].map((part) => part.trim()).filter((part) => part !== '');
  return { who: `topic ${topic.slice(topic.lastIndexOf(':') + 1)}`, why: why.join(': ') || 'a message without a text' };
}
