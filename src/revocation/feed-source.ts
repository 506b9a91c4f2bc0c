import type { NumberedEntry } from './entry.ts';
import type { HighWater } from './epoch.ts';
import type { Revocable } from './handle-table.ts';

/** What a node knows of the log, for those that follow it from elsewhere. */
export interface FeedSource {
  /** Undefined: this node is cut off or has read nothing yet, and must not speak for the log. */
  position(): HighWater | undefined;
  /** Whether what this node knows is so new that it may say that nothing has come since. */
  isFresh(): boolean;
  /** Reads the log, content with a read that is under way. @throws {RevocationUnknown} */
  refresh(): Promise<void>;
  /** Entries behind `number`, oldest first, at most `limit`; undefined: some are not at hand any more. */
  entriesAfter(number: number, limit: number): readonly NumberedEntry[] | undefined;
  /** The entry with this number, while it is at hand. */
  entry(number: number): NumberedEntry | undefined;
  /** How many handles matter still. */
  size(): number;
  /** A copy of every handle that matters still. */
  handles(): Iterable<Revocable>;
  /** NumericDate: what had to be told until then is not told any more. */
  forgetsBefore(): number;
  /** The number of the last entry of kind `before`; 0: there was none. */
  before(): number;
  /** Called after every change of the position. Gives the function that ends it. */
  onMoved(listener: () => void): () => void;
}
