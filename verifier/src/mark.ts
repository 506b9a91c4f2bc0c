/** What a token carries to be held against revocations: an epoch of the log and a number in it. */
export interface Mark {
  readonly epoch: string;
  /** How many epochs had begun. A later one has the higher number, whatever its random part. */
  readonly generation: number;
  readonly number: number;
}

const MARK = /^(?<epoch>(?<generation>[1-9]\d{0,8})-[\w-]{1,32})\.(?<number>\d{1,15})$/;

/** `<epoch>.<number>`. */
export function markText(epoch: string, number: number): string {
  return `${epoch}.${number}`;
}

/** Undefined: not a mark of ours. */
export function parseMark(text: string): Mark | undefined {
  const { epoch, generation, number } = MARK.exec(text)?.groups ?? {};
  return epoch === undefined
    ? undefined
    : { epoch, generation: Number(generation), number: Number(number) };
}
