/** The composition of the package's `./testing`: every port in process, for tests without files and without a network. */
export { makeMemoryArtifactStore } from '../adapters/memory/artifact-store';
export { deadlineIn, makeManualClock, type ManualClock, noDeadline, systemClock } from '../adapters/memory/clock';
export { type CodeScript, makeScriptedCodeInterpreter, type ScriptedOutcome } from '../adapters/memory/code-interpreter';
export { makeInProcessMemory } from '../adapters/memory/memory';
export { makeScriptedPlanner, type PlanScript } from '../adapters/memory/planner';
export { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter, type RunFileBytes } from '../adapters/memory/run-files';
export { makeInProcessSessionLog } from '../adapters/memory/session-log';
export { makeInProcessSigner } from '../adapters/memory/signer';
