const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._~:/@+-]{0,127}$/;

/** A `client_id` that fits into keys, file names of logs and command lines without being quoted. */
export function isClientId(id: string): boolean {
  return CLIENT_ID.test(id);
}
