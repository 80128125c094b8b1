/** `terraform output -json` of the deployment in ./terraform, or one sentence on what stands in its way. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Either, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import type { Environment } from '../../config';

const TERRAFORM_TIMEOUT_MS = 60_000;

export type TerraformOutputs = Readonly<Record<string, unknown>>;

/** `why`: one sentence. */
export type NoOutputs = { readonly _tag: 'NotSetUp' } | { readonly _tag: 'Failed'; readonly why: string };

/** The value of each output, by its name; none where nothing is applied yet. */
export function terraformOutputs(env: Environment): Promise<Either<NoOutputs, TerraformOutputs>> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: TERRAFORM_TIMEOUT_MS, maxBuffer: 1024 * 1024 };
    execFile('terraform', ['-chdir=terraform', 'output', '-json', '-no-color'], options, (error, stdout, stderr) => {
      if (error === null) resolve(right(valuesIn(stdout)));
      // Where Terraform was never set up there is nothing to complain about.
      else if (!existsSync(env['TF_DATA_DIR'] ?? 'terraform/.terraform')) resolve(left({ _tag: 'NotSetUp' }));
      else if (error.code === 'ENOENT') resolve(left({ _tag: 'Failed', why: 'terraform is not installed' }));
      else resolve(left({ _tag: 'Failed', why: `terraform says: ${errorLine(stderr) ?? error.message}` }));
    });
  });
}

function valuesIn(text: string): TerraformOutputs {
  let outputs: unknown;
  try {
    outputs = JSON.parse(text);
  } catch {
    return {};
  }
  return Object.fromEntries(
    Object.entries(isRecord(outputs) ? outputs : {}).map(([name, output]) => [name, isRecord(output) ? output['value'] : undefined]),
  );
}

/** Terraform frames its errors with bars, and may say something before them. */
function errorLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.replace(/^[\s│╷╵|]+/, '').trim());
  return (lines.find((line) => line.startsWith('Error')) ?? lines.find((line) => line !== ''))?.replace(/[:.]$/, '');
}
