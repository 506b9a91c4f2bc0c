const loaders: (() => Promise<unknown>)[] = [];

/**
 * Code that is loaded when it is first asked for: a node in the dev profile and a command start sooner without it. For
 * large libraries that few requests need.
 */
export function onDemand<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  const get = (): Promise<Module> => (loaded ??= load());
  loaders.push(get);
  return get;
}

/** Loads all of it: in production, before a node serves, so that no request waits for code. */
export async function loadOnDemand(): Promise<void> {
  for (const get of loaders) await get();
}
