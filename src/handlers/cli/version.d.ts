/** Put in by the build, from package.json. */
declare const EWM_VERSION: string;
/** Put into the Lambda functions by the build: the text of docs/openapi.json. */
declare const EWM_OPENAPI: string;
