/** The composition of the package's `./testing`: every port in process, for tests without files and without a network. */
export { makeMemoryArtifactStore } from '../adapters/in-process/artifact-store';
export { deadlineIn, makeManualClock, type ManualClock, noDeadline, systemClock } from '../adapters/in-process/clock';
export { type CodeScript, makeScriptedCodeInterpreter, type ScriptedOutcome } from '../adapters/in-process/code-interpreter';
export { makeInProcessMemory } from '../adapters/in-process/memory';
export { makeScriptedPlanner, type PlanScript } from '../adapters/in-process/planner';
export { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter, type RunFileBytes } from '../adapters/in-process/run-files';
export { makeInProcessSessionLog } from '../adapters/in-process/session-log';
export { makeInProcessSigner } from '../adapters/in-process/signer';
export { makeInProcessStopSwitch } from '../adapters/in-process/stop-switch';
