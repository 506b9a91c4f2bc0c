interface SeedSettings {
  readonly dev: { readonly seed?: string | undefined };
  readonly storage: {
    readonly state: { readonly engine: string };
    readonly records: { readonly engine: string };
  };
}

/** What is kept on a server outlives the run that a seed is for. */
export function seedProblems({
  dev,
  storage,
}: SeedSettings): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const { state, records } = storage;
  if (dev.seed === undefined) return [];
  if (state.engine === 'embedded' && records.engine === 'embedded') return [];
  return [
    {
      path: ['dev', 'seed'],
      message: 'needs storage.state.engine and storage.records.engine to be embedded',
    },
  ];
}
