/** The settings of the function that pulls the stop switch. Apart from `config.ts`, which no function but those of the API needs. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._/-]{0,511}$/;
const NAMES = /^[A-Za-z0-9_-]{1,64}(?:,[A-Za-z0-9_-]{1,64})*$/;

export interface StopConfig {
  readonly bucket: string;
  readonly key: string;
  /** Names of the functions that it holds off. */
  readonly functions: readonly string[];
}

/** For a process that can do nothing without its settings. */
export function readStopConfig(env: Readonly<Record<string, string | undefined>> = process.env): StopConfig {
  const read = (name: string, legal: RegExp, what: string): string => {
    const value = env[name] ?? '';
    if (!legal.test(value)) throw new Error(`configuration: ${name}: expected ${what}`);
    return value;
  };
  return {
    bucket: read('EWM_ARTIFACT_BUCKET', BUCKET, 'the name of an S3 bucket'),
    key: read('EWM_STOP_KEY', KEY, 'the key of an object'),
    functions: read('EWM_STOP_FUNCTIONS', NAMES, 'names of functions, separated by commas').split(','),
  };
}
