import { changesContract } from './changes.contract.ts';

changesContract('on the embedded stores', async () => ({ settings: {}, close: async () => {} }));
