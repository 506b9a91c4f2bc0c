/** Says what a test measured, in `npm run test:long`: the figures that docs/operations.md quotes. */
export function measured(what: string, figures: Readonly<Record<string, unknown>>): void {
  if (import.meta.env.MODE !== 'long') return;
  process.stdout.write(`measured: ${what} ${JSON.stringify(figures)}\n`);
}
