import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { describeMemoryContract } from '../contracts/memory';

describeMemoryContract('in process', () => Promise.resolve({ memory: makeInProcessMemory(), close: () => Promise.resolve() }));
