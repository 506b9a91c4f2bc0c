/** What a page's script put into the field `credential`: for `finishCheck` and `finishEnrolment`, unread. */
export function readCredential(text: string | undefined): unknown {
  try {
    return text === undefined || text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
