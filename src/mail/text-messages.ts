/** What a text message is called among the letters of the queue. */
export const TEXT_MESSAGE = 'text-message';

/** A text message to one telephone. */
export interface QueuedText {
  /** A number in the form of E.164; whoever queues has seen to that. */
  readonly to: string;
  readonly text: string;
  /** The code in `text`. */
  readonly code: string;
  /** How long what it says holds. */
  readonly minutes: number;
}

/** The queue of letters, as it takes text messages. */
export interface TextQueue {
  /** Resolves once the message is durable. @throws {RecordsUnavailable} */
  sendText(message: QueuedText): Promise<void>;
}
