/** The cheapest hashes that the rules allow: few tests are about how dear they are. */
export const CHEAP_HASHES = { memoryKib: 7168, iterations: 1 };

/** Such a hash of `latchkey-dev`, made beforehand: every node would make one for each of its people. */
export const PASSWORD_HASH =
  '$argon2id$v=19$m=7168,t=1,p=1$N+bzz2EsZHpNSZQslMXPYg$cfdFBmgwesbnLWUjk9Lbn9v/7ZWhS+IEdaVTZNX13c4';
