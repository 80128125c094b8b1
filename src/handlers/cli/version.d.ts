/** Put in by the build, from package.json. */
declare const EWM_VERSION: string;
