/** The ways in which a service fails that an SDK would repeat by itself, each before and after it took effect. */
import type { Fault } from './http-stub';

const RETRYABLE: readonly Omit<Fault, 'when'>[] = [
  { how: 'status', status: 429, type: 'ThrottlingException' },
  { how: 'status', status: 429, type: 'ThrottledException' },
  { how: 'status', status: 500, type: 'InternalServerException' },
  { how: 'status', status: 503, type: 'SlowDown' },
  { how: 'status', status: 409, type: 'RetryableConflictException' },
  { how: 'reset' },
];

export const RETRYABLE_FAULTS: readonly Fault[] = RETRYABLE.flatMap((fault) => [
  { ...fault, when: 'before' as const },
  { ...fault, when: 'after' as const },
]);

export function describeFault(fault: Fault): string {
  return `${fault.how === 'status' ? `${String(fault.status)} ${fault.type ?? ''}` : fault.how} ${fault.when} it took effect`;
}
