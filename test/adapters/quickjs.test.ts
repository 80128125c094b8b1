import { makeQuickJsSandbox } from '../../src/adapters/quickjs/sandbox';
import { describeSandboxContract } from '../contracts/sandbox';

describeSandboxContract('QuickJS', makeQuickJsSandbox);

test('the engine is the one that recorded runs name: another digest, and no run of before is proven any more', () => {
  expect(makeQuickJsSandbox().engine.sha256).toBe('8eeed48595bd515a34fc42950f15d529f10020ded60c8ee2e67f57b100a664b8');
});
