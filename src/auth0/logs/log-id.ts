import type { EventPlace } from '../../audit/site-events.ts';

const PLACE = /^(?<at>\d{1,12})\.(?<number>\d{1,15})\.(?<node>.{1,255})$/;

/** The `log_id` of the event at a place of the audit. */
export function logIdOf({ at, number, node }: EventPlace): string {
  return Buffer.from(`${at}.${number}.${node}`).toString('base64url');
}

/** Where such an id leads; undefined: it is none. */
export function placeOf(logId: string): EventPlace | undefined {
  const { at, number, node } = PLACE.exec(Buffer.from(logId, 'base64url').toString())?.groups ?? {};
  if (at === undefined || number === undefined || node === undefined) return undefined;
  return { at: Number(at), number: Number(number), node };
}
