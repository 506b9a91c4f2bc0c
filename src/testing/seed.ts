/** Who can sign in. */
export interface SeedPerson {
  readonly username?: string;
  readonly email?: string;
  readonly password?: string;
  readonly [setting: string]: unknown;
}

/** Settings as the YAML has them (docs/configuration.md), laid over those of a node for tests. */
export interface Seed {
  readonly people?: readonly SeedPerson[];
  readonly [section: string]: unknown;
}

/** Two people, an app and an API: what a test has that names no seed. */
export const DEFAULT_SEED: Seed = {
  people: ['alice', 'bob'].map((username) => ({
    username,
    email: `${username}@example.com`,
    emailVerified: true,
    password: 'latchkey-dev',
  })),
  apis: [
    {
      identifier: 'https://api.example.com',
      name: 'Messages',
      scopes: { 'read:messages': 'Read your messages', 'write:messages': 'Write in your name' },
    },
  ],
  clients: [
    {
      id: 'app',
      name: 'Sample app',
      type: 'spa',
      redirectUris: ['http://localhost:3000/callback', 'http://127.0.0.1:3000/callback'],
      apis: ['https://api.example.com'],
    },
  ],
};
