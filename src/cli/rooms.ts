import type { Accounts } from '../accounts/accounts.ts';
import type { Clients } from '../clients/clients.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Output } from './output.ts';

/** Who acts when a command does, for the audit. */
export const CLI_ACTOR: Actor = { by: 'cli', origin: { address: 'cli' } };

/** What the commands of this folder need of an installation, running or not. */
export interface CommandRooms {
  readonly accounts: Accounts;
  readonly clients: Clients;
  close(): Promise<void>;
}

/** Opens the installation that `--config` names, for one command. */
export type OpenRooms<Rooms extends { close(): Promise<void> } = CommandRooms> = () => Promise<
  Rooms & Output
>;

/** Runs `work` on opened rooms and closes them, whatever comes of it. */
export async function withRooms<Rooms extends { close(): Promise<void> }>(
  open: () => Promise<Rooms>,
  work: (rooms: Rooms) => Promise<void>,
): Promise<void> {
  const rooms = await open();
  try {
    await work(rooms);
  } finally {
    await rooms.close();
  }
}
