/** Variables by name, as a process is handed them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process. */
export function processEnvironment(): Environment {
  // oxlint-disable-next-line node/no-process-env -- the one door to the environment in this room
  return process.env;
}
