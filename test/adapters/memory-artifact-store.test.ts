import { makeMemoryArtifactStore } from '../../src/adapters/memory/artifact-store';
import { describeArtifactStoreContract } from '../contracts/artifact-store';

describeArtifactStoreContract('memory', () => Promise.resolve({ store: makeMemoryArtifactStore(), close: () => Promise.resolve() }));
