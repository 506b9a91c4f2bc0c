import { recoveryContract } from './recovery.contract.ts';

recoveryContract('on the embedded stores', async () => ({ settings: {}, close: async () => {} }));
