import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { describeArtifactStoreContract } from '../contracts/artifact-store';

describeArtifactStoreContract('memory', () => Promise.resolve({ store: makeMemoryArtifactStore(), close: () => Promise.resolve() }));
