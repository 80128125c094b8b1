/** What runs world files: apart from the rest of the program, because it brings an engine with it. */
import { openWorldInputs } from '../adapters/filesystem/world-inputs';
import { readSource } from '../adapters/filesystem/source-file';
import { makeWorldInputs } from '../adapters/in-process/world-inputs';
import { makeQuickJsSandbox } from '../adapters/quickjs/sandbox';
import type { Sandbox } from '../ports/sandbox';

let made: Sandbox | undefined;

export const worlds = {
  /** One engine a process: worlds in it share nothing but its code. */
  sandbox: (): Sandbox => (made ??= makeQuickJsSandbox()),
  readSource,
  openInputs: openWorldInputs,
  noInputs: (steps: number) => makeWorldInputs(steps),
} as const;
