import { AccountExists, InvalidAccount } from '../../accounts/accounts.ts';
import { DeclaredInConfig, InvalidClient } from '../../clients/clients.ts';
import { ApiExists } from '../../clients/kept-resource-servers.ts';
import { DeclaredGroup, GroupExists, InvalidGroup } from '../../groups/groups.ts';
import { FormTooLarge } from '../../http/form.ts';
import { DeclaredOrganization, OrganizationExists } from '../organizations/tenant-organizations.ts';
import { InvalidMetadata } from '../user-metadata.ts';
import { invalidBody, ManagementProblem } from './problem.ts';

type Writer = (error: Error) => ManagementProblem;

/** What other rooms refuse, in the words of Auth0 where it has any. */
const FORESEEN: readonly (readonly [new (...given: never[]) => Error, Writer])[] = [
  [InvalidAccount, unfitUser],
  [InvalidMetadata, (error) => invalidBody(error.message, error)],
  [InvalidGroup, (error) => invalidBody(error.message, error)],
  [AccountExists, (error) => conflict('The user already exists.', 'auth0_idp_error', error)],
  [GroupExists, (error) => conflict(error.message, 'role_exists', error)],
  [DeclaredGroup, (error) => conflict(error.message, 'declared_in_config', error)],
  [OrganizationExists, (error) => conflict(error.message, 'organization_conflict', error)],
  [DeclaredOrganization, (error) => conflict(error.message, 'declared_in_config', error)],
  [ApiExists, (error) => conflict(error.message, 'resource_server_conflict', error)],
  [DeclaredInConfig, (error) => conflict(error.message, 'declared_in_config', error)],
  [InvalidClient, (error) => invalidBody(inWordsOfAuth0(error.message), error)],
  [FormTooLarge, (error) => new ManagementProblem(413, { message: error.message })],
];

/** How `error` is answered; undefined: it is none that a client could do anything about. */
export function problemOf(error: unknown): ManagementProblem | undefined {
  if (error instanceof ManagementProblem) return error;
  for (const [kind, write] of FORESEEN) if (error instanceof kind) return write(error);
  return undefined;
}

/** What our metadata are called there. */
function inWordsOfAuth0(message: string): string {
  return message
    .replaceAll(/\bpost_logout_redirect_uris\b/g, 'allowed_logout_urls')
    .replaceAll(/\bredirect_uris\b/g, 'callbacks')
    .replaceAll(/\bbackchannel_logout_uri\b/g, 'oidc_logout.backchannel_logout_urls')
    .replaceAll(/\bclient_name\b/g, 'name');
}

function conflict(message: string, errorCode: string, cause: Error): ManagementProblem {
  return new ManagementProblem(409, { message, errorCode }, { cause });
}

/** Programs tell by the first words that it is the password. */
function unfitUser(error: Error): ManagementProblem {
  const { message } = error;
  if (!message.startsWith('password:')) return invalidBody(message, error);
  return new ManagementProblem(
    400,
    { message: `PasswordStrengthError: Password is too weak: ${message}` },
    { cause: error },
  );
}
