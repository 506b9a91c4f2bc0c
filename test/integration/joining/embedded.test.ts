import { joiningContract } from './joining.contract.ts';

joiningContract('on the embedded stores', async () => ({ settings: {}, close: async () => {} }));
