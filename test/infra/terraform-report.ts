/** What `terraform test -json` reports: how many runs there were, and what failed in them. */
import { isRecord } from '../../src/domain/codec/codec';

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  /** The name of each assertion that failed, which its message begins with; of anything else that failed, what Terraform says. */
  readonly failures: readonly string[];
}

export function readReport(output: string): TestReport {
  const lines = output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as unknown] : []))
    .filter(isRecord);
  const summary = lines.map((line) => line['test_summary']).find(isRecord);
  const diagnostics = lines.map(({ diagnostic }) => diagnostic).filter(isRecord);
  const failures = diagnostics.filter(({ severity }) => severity === 'error').map(nameOf);
  return { passed: Number(summary?.['passed'] ?? 0), failed: Number(summary?.['failed'] ?? 0), failures: [...new Set(failures)].sort() };
}

function nameOf({ summary, detail }: Readonly<Record<string, unknown>>): string {
  const said = typeof detail === 'string' ? detail : '';
  if (summary === 'Test assertion failed') return said.split(':', 1)[0] ?? said;
  return `${String(summary)}: ${said}`;
}
