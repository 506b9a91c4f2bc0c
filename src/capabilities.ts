import { dev } from './dev/capability.ts';

/** What an installation may leave out, one line each. */
export const CAPABILITIES = [dev] as const;
