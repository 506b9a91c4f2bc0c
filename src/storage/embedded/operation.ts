import type { Fault } from './faults.ts';

/** A value that crosses to the writer's thread and into a statement as it is. */
export type Bound = string | number | bigint | null;

/** A compiled statement and its values. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly Bound[];
}

/** What one statement did. */
export interface StatementResult {
  readonly rowsAffected: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** One write: what the writer does under one savepoint. Times are milliseconds. */
export type Operation =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: string;
      readonly version: string;
      readonly expiresAt: number | null;
    }
  | {
      readonly kind: 'swap';
      readonly key: string;
      /** null: the key must be absent. */
      readonly seen: string | null;
      readonly value: string;
      readonly version: string;
      readonly expiresAt: number | null;
      readonly now: number;
    }
  | { readonly kind: 'delete'; readonly key: string; readonly now: number }
  | {
      readonly kind: 'count';
      readonly key: string;
      readonly by: number;
      readonly expiresAt: number;
      readonly now: number;
    }
  | {
      readonly kind: 'add';
      readonly key: string;
      readonly member: string;
      readonly expiresAt: number;
    }
  | { readonly kind: 'remove'; readonly key: string; readonly member: string }
  | { readonly kind: 'append'; readonly log: string; readonly values: readonly string[] }
  | { readonly kind: 'trim'; readonly log: string; readonly upTo: number }
  | { readonly kind: 'notify'; readonly topic: string }
  | { readonly kind: 'sweep'; readonly now: number; readonly limit: number }
  | { readonly kind: 'write'; readonly statements: readonly Statement[] };

/** The answer of `write`: one result for each statement. Every state verb answers with a number. */
export type Answer = number | readonly StatementResult[];

/** An operation on its way to the writer. */
export interface Job {
  readonly id: number;
  readonly operation: Operation;
  /** Taken even when the disk is full. */
  readonly essential: boolean;
}

/** What became of a job. Once `answer` is there, the write is on disk. */
export type Outcome =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly fault: Fault; readonly message: string };

/** What is sent to the writer's thread: work, or the request to end. */
export type Order = readonly Job[] | 'close';

/** What the writer's thread tells. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[] }
  /** Whether ordinary writes are taken; told when it changes. */
  | { readonly kind: 'room'; readonly room: boolean };
