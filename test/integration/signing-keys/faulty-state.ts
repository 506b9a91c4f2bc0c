import { StateUnavailable, type State } from '../../../src/storage/state.ts';

/** A node's way to a state, which a test can cut. */
export interface Wire {
  readonly state: State;
  cut(): void;
  mend(): void;
}

/** `state` behind a wire: while it is cut, every verb fails and no notification arrives. */
export function createWire(state: State): Wire {
  let isCut = false;
  const guarded =
    <Args extends readonly unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      isCut ? Promise.reject(new StateUnavailable('the wire is cut')) : verb(...args);
  return {
    state: {
      ...state,
      getMany: guarded(state.getMany),
      swap: guarded(state.swap),
      notify: guarded(state.notify),
      subscribe: guarded((topic, listener: () => void) =>
        state.subscribe(topic, () => {
          if (!isCut) listener();
        }),
      ),
    },
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
    },
  };
}
