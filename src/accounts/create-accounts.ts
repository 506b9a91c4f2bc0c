import type { Audit } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import { compiledOnce } from '../storage/compiled-once.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { createDeeds, type Belongings } from './account-deeds.ts';
import { createAccountLife } from './account-life.ts';
import { accountById, accountByLogin, accountByPhone, accountsAfter } from './account-queries.ts';
import { accountOf } from './account-row.ts';
import type { Accounts } from './accounts.ts';
import { createAttributeSchema } from './attributes.ts';
import type { AccountsSettings } from './attributes-config.ts';
import { createBreachService, type BreachServiceOptions } from './breached-passwords.ts';
import type { SignInSettings } from './config.ts';
import { createDecoys } from './decoys.ts';
import { createLimits } from './limits.ts';
import { foldLogin } from './login.ts';
import { manageAccounts } from './manage-accounts.ts';
import { createNewPasswords, reviewPassword } from './new-passwords.ts';
import { createOwnData } from './own-data.ts';
import { normalizePassword } from './rules.ts';
import { createPasswords } from './passwords.ts';
import { createPasswordSignIn } from './sign-in.ts';
import { createStrengthMeter } from './strength.ts';
import { createThrottle } from './throttle.ts';

export interface AccountsOptions {
  readonly records: Records;
  readonly state: State;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SignInSettings;
  /** None declared when left out. */
  readonly attributes?: AccountsSettings['attributes'] | undefined;
  /** Takes back what a disabled account holds; without it, disabling only ends what is read anew. */
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
  /** What other rooms take away of an account that is deleted. */
  readonly belongings?: readonly Belongings[] | undefined;
  /** What other rooms take away when an account may be in other hands: with a new password, and with a lock. */
  readonly distrust?: readonly Belongings[] | undefined;
  /** The way out of the house, for the service of leaked passwords; without it, none is asked. */
  readonly outboundFetch?: BreachServiceOptions['fetch'] | undefined;
  /** The same on every node, or nobody's names could be told by asking two; one of its own when left out. */
  readonly decoySecret?: string | undefined;
}

const PAGE_MAX = 1000;

/** People, kept in records. Nothing of them is cached, so that what changes is seen at once on every node. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { records, state, clock, logger, settings, decoySecret = randomId() } = options;
  const { queries } = records;
  const passwords = createPasswords(settings.argon2);
  const byId = compiledOnce(accountById(queries, ''));
  const throttle = createThrottle({ state, clock, limits: settings.limits });
  const deeds = createDeeds({ ...options, throttle });
  const meter = createStrengthMeter(logger);
  const newPasswords = createNewPasswords({
    rules: settings.password,
    isBreached: breachServiceOf(options),
  });
  const attributes = createAttributeSchema(options.attributes ?? []);
  const { belongings = [], distrust = [] } = options;
  const house = { ...options, deeds, attributes, belongings, distrust };

  return {
    async find(id) {
      const row = await records.first(byId([id]));
      return row && accountOf(row, clock.now());
    },

    async findByLogin(typed) {
      const login = foldLogin(typed);
      const row = login && (await records.first(accountByLogin(queries, login)));
      return row && accountOf(row, clock.now());
    },

    async findByPhone(phone) {
      const row = await records.first(accountByPhone(queries, phone));
      const account = row && accountOf(row, clock.now());
      // A node of the release before may have changed the number in the claims alone.
      return account?.phone === undefined ? undefined : account;
    },

    async list({ after, limit }) {
      const page = { after, limit: Math.min(Math.max(limit, 1), PAGE_MAX) };
      const rows = await records.all(accountsAfter(queries, page));
      return rows.map((row) => accountOf(row, clock.now()));
    },

    verifyPassword: createPasswordSignIn({
      ...options,
      passwords,
      throttle,
      decoys: createDecoys({ records, clock, secret: decoySecret }),
    }),
    checkNewPassword: (password, owner = {}) =>
      reviewPassword(password, owner, { newPasswords, meter }),
    passwordStrength: (password) => meter.measure(normalizePassword(password), []),
    ...manageAccounts({ ...house, passwords, newPasswords }),
    ...createAccountLife(house),
    ...createOwnData(house),
    ...createLimits({ state, deeds, limits: settings.limits }),
    close: () => meter.close(),
  };
}

function breachServiceOf({
  settings,
  outboundFetch,
  logger,
}: AccountsOptions): ReturnType<typeof createBreachService> | undefined {
  const { breachService: url } = settings.password;
  if (url === undefined || outboundFetch === undefined) return undefined;
  return createBreachService({ url, fetch: outboundFetch, logger });
}
