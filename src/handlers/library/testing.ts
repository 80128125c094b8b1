/**
 * The package's `./testing`: ports in process, and the contract suites that every adapter of a port has to pass. The suites use the globals of
 * Jest (`describe`, `it`, `expect`, `beforeAll`), so they are called in a test file.
 */
export {
  type CodeScript,
  deadlineIn,
  makeInProcessMemory,
  makeInProcessSessionLog,
  makeInProcessSigner,
  makeInProcessStopSwitch,
  makeManualClock,
  makeMemoryArtifactStore,
  makeMemoryRunReader,
  makeMemoryRunWriter,
  makeScriptedCodeInterpreter,
  makeScriptedPlanner,
  type ManualClock,
  type MemoryRunWriter,
  noDeadline,
  type PlanScript,
  type RunFileBytes,
  type ScriptedOutcome,
  systemClock,
} from '../compose-testing';
export { type ArtifactStoreHarness, describeArtifactStoreContract } from '../../../test/contracts/artifact-store';
export { type CodeInterpreterHarness, describeCodeInterpreterContract } from '../../../test/contracts/code-interpreter';
export { describeMemoryContract, type MemoryHarness } from '../../../test/contracts/memory';
export { describePlannerContract, type PlannerHarness } from '../../../test/contracts/planner';
export { describeSessionLogContract, type SessionLogHarness } from '../../../test/contracts/session-log';
export { describeSignerContract, type SignerHarness } from '../../../test/contracts/signer';
export { describeStopSwitchContract, type StopSwitchHarness } from '../../../test/contracts/stop-switch';
