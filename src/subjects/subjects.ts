/** Under which names the clients of a sector know people and sessions. Another sector's names tell nothing of these. */
export interface Subjects {
  /** The `sub` of an account in `sector`. @throws {RecordsUnavailable} */
  of(sector: string, accountId: string): Promise<string>;
  /** A session's uid as `sector` sees it. @throws {RecordsUnavailable} */
  hide(sector: string, sessionUid: string): Promise<string>;
  /** What `hide` was given; undefined: `hidden` is not of this sector. @throws {RecordsUnavailable} */
  reveal(sector: string, hidden: string): Promise<string | undefined>;
}
