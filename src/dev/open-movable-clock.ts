import { createMovableClock, type MovableClock } from '../runtime/clock.ts';

/** The settings that decide whether time may be put forward. */
interface ClockSettings {
  readonly profile: string;
  readonly storage: {
    readonly state: { readonly engine: string };
    readonly records: { readonly engine: string };
  };
}

/** A clock that tests put forward: in the dev profile, where no server beside us tells the time of what expires. */
export function openMovableClock({ profile, storage }: ClockSettings): MovableClock | undefined {
  const isEmbedded = [storage.state, storage.records].every(({ engine }) => engine === 'embedded');
  return profile === 'dev' && isEmbedded ? createMovableClock() : undefined;
}
