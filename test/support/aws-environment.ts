/** Points the SDK's clients of this test process at a stub the way a deployment would: by the SDK's own variables. */

/** More attempts than one, so that a client which took its count from here would be seen retrying. */
const AWS_MAX_ATTEMPTS = '4';

export function useStubEnvironment(endpoints: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test-secret',
    AWS_MAX_ATTEMPTS,
    AWS_RETRY_MODE: 'adaptive',
    // No profile of the machine takes part.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...endpoints,
  });
}
