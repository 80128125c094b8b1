/**
 * Which IAM action a request of Terraform's stands for, whatever protocol its service speaks. A request that is not known here throws: a list of
 * permissions that left something out would be found by the first person who deploys with it.
 * Source: "Actions, resources, and condition keys" of each service; the service is the one that the signature names.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function deployerAction(request: SignedRequest): string {
  const service = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const prefix = PREFIXES[service] ?? service;
  const name = nameOf(service, request);
  if (name === undefined) throw new Error(`which action of ${service} is ${request.method} ${request.path}?`);
  return `${prefix}:${name}`;
}

/** Where IAM calls a service by another name than its signatures do. */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

function nameOf(service: string, { method, path, headers, body }: SignedRequest): string | undefined {
  const url = new URL(path, 'http://aws');
  switch (service) {
    // IAM knows the methods of this API, and no operations.
    case 'apigateway':
      return method;
    case 'lambda':
      return lambdaAction(method, url.pathname);
    case 's3':
      return s3Action(method, url);
    default: {
      const target = headers['x-amz-target'];
      if (typeof target === 'string') return target.split('.').at(-1);
      const operation = /\/operation\/(\w+)$/.exec(url.pathname)?.[1];
      return operation ?? new URLSearchParams(body.toString('utf8')).get('Action') ?? undefined;
    }
  }
}

const LAMBDA: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/\/account-settings\/?$/, { GET: 'GetAccountSettings' }],
  [/\/functions\/?$/, { POST: 'CreateFunction' }],
  [/\/functions\/[^/]+\/?$/, { GET: 'GetFunction', DELETE: 'DeleteFunction' }],
  [/\/functions\/[^/]+\/configuration$/, { GET: 'GetFunctionConfiguration', PUT: 'UpdateFunctionConfiguration' }],
  [/\/functions\/[^/]+\/code$/, { PUT: 'UpdateFunctionCode' }],
  [/\/functions\/[^/]+\/versions\/?$/, { GET: 'ListVersionsByFunction' }],
  [/\/functions\/[^/]+\/code-signing-config$/, { GET: 'GetFunctionCodeSigningConfig' }],
  [
    /\/functions\/[^/]+\/concurrency$/,
    { PUT: 'PutFunctionConcurrency', GET: 'GetFunctionConcurrency', DELETE: 'DeleteFunctionConcurrency' },
  ],
  [
    /\/functions\/[^/]+\/event-invoke-config$/,
    { PUT: 'PutFunctionEventInvokeConfig', GET: 'GetFunctionEventInvokeConfig', DELETE: 'DeleteFunctionEventInvokeConfig' },
  ],
  [/\/functions\/[^/]+\/recursion-config$/, { PUT: 'PutFunctionRecursionConfig', GET: 'GetFunctionRecursionConfig' }],
  [/\/functions\/[^/]+\/policy\/?$/, { POST: 'AddPermission', GET: 'GetPolicy' }],
  [/\/functions\/[^/]+\/policy\/[^/]+$/, { DELETE: 'RemovePermission' }],
  [/\/tags\//, { GET: 'ListTags', POST: 'TagResource', DELETE: 'UntagResource' }],
];

function lambdaAction(method: string, path: string): string | undefined {
  return LAMBDA.find(([pattern]) => pattern.test(path))?.[1][method];
}

/** By the sub-resource that the query names: what reads it and what writes it. Deleting a setting takes the permission to write it. */
const S3: Readonly<Record<string, readonly [get: string, put: string]>> = {
  accelerate: ['GetAccelerateConfiguration', 'PutAccelerateConfiguration'],
  acl: ['GetBucketAcl', 'PutBucketAcl'],
  cors: ['GetBucketCORS', 'PutBucketCORS'],
  encryption: ['GetEncryptionConfiguration', 'PutEncryptionConfiguration'],
  lifecycle: ['GetLifecycleConfiguration', 'PutLifecycleConfiguration'],
  logging: ['GetBucketLogging', 'PutBucketLogging'],
  'object-lock': ['GetBucketObjectLockConfiguration', 'PutBucketObjectLockConfiguration'],
  ownershipControls: ['GetBucketOwnershipControls', 'PutBucketOwnershipControls'],
  policy: ['GetBucketPolicy', 'PutBucketPolicy'],
  publicAccessBlock: ['GetBucketPublicAccessBlock', 'PutBucketPublicAccessBlock'],
  replication: ['GetReplicationConfiguration', 'PutReplicationConfiguration'],
  requestPayment: ['GetBucketRequestPayment', 'PutBucketRequestPayment'],
  tagging: ['GetBucketTagging', 'PutBucketTagging'],
  versioning: ['GetBucketVersioning', 'PutBucketVersioning'],
  website: ['GetBucketWebsite', 'PutBucketWebsite'],
};

function s3Action(method: string, { pathname, searchParams }: URL): string | undefined {
  if (pathname.split('/').filter((segment) => segment !== '').length > 1) return objectAction(method, searchParams);
  if (searchParams.has('versions')) return 'ListBucketVersions';
  // A list of versions in the body, as force_destroy sends it.
  if (searchParams.has('delete')) return 'DeleteObjectVersion';
  if (searchParams.has('location')) return 'GetBucketLocation';
  const setting = Object.keys(S3).find((name) => searchParams.has(name));
  if (setting !== undefined) {
    if (method === 'DELETE' && setting === 'policy') return 'DeleteBucketPolicy';
    return S3[setting]?.[method === 'GET' ? 0 : 1];
  }
  return { PUT: 'CreateBucket', DELETE: 'DeleteBucket', HEAD: 'ListBucket', GET: 'ListBucket' }[method];
}

function objectAction(method: string, query: URLSearchParams): string | undefined {
  if (query.has('tagging')) return method === 'GET' ? 'GetObjectTagging' : 'PutObjectTagging';
  const version = query.has('versionId') ? 'Version' : '';
  return { PUT: 'PutObject', GET: `GetObject${version}`, HEAD: `GetObject${version}`, DELETE: `DeleteObject${version}` }[method];
}
