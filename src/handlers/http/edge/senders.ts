/**
 * Events that are no request: what queues, topics, buses and timers send to a function that was connected to them.
 * Invariant: no message is taken as done. An answer would delete it from its queue, so the invocation fails instead; a timer that only keeps
 * the function warm carries no message and gets a short answer.
 */
import { isRecord } from '../../../domain/codec/codec';

export interface Sender {
  /** As the event names it: `aws:sqs`, `aws.events`. */
  readonly name: string;
  readonly carriesMessage: boolean;
}

const NAME_CHARS_MAX = 100;

export function senderOf(event: unknown): Sender | undefined {
  if (!isRecord(event)) return undefined;
  const { Records: records, source, eventSource, awslogs, deliveryStreamArn } = event;
  if (Array.isArray(records)) {
    const [first] = records as readonly unknown[];
    const named = isRecord(first) ? (first['eventSource'] ?? first['EventSource']) : undefined;
    return message(typeof named === 'string' ? named : 'Records');
  }
  if (typeof eventSource === 'string') return message(eventSource);
  if (isRecord(awslogs)) return message('aws.logs');
  if (typeof deliveryStreamArn === 'string') return message('aws:firehose');
  if (typeof source === 'string') {
    const timer = !('detail-type' in event) || event['detail-type'] === 'Scheduled Event';
    return timer ? { name: printable(source), carriesMessage: false } : message(source);
  }
  const ping = PINGS.find((name) => event[name] === true);
  return ping === undefined ? undefined : { name: ping, carriesMessage: false };
}

/** What programs that keep functions warm send, besides a `source`. */
const PINGS = ['warmer', 'warmup', 'ping'] as const;

function message(name: string): Sender {
  return { name: printable(name), carriesMessage: true };
}

/** The name is the sender's text, and goes to the log. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7E]/g, '?').slice(0, NAME_CHARS_MAX);
}
