"""Checks tokens as an API does that is written with Debian's python3-authlib.

Called with the address of the key set, the issuer, for how many seconds the key set is kept, and by how many
seconds clocks may differ. Reads `<number> <token>` from standard input, line by line, and answers each with
`<number> ok` or `<number> <what is wrong with it>`. The key set is read again only when its time is over, never
because a key is unknown.
"""

import json
import sys
import time
import urllib.request

from authlib.jose import JsonWebKey, JsonWebToken

ADDRESS, ISSUER = sys.argv[1:3]
MAX_AGE_SECONDS, LEEWAY_SECONDS = map(float, sys.argv[3:5])
GIVE_UP_AFTER_SECONDS = 60
ALGORITHMS = ["RS256", "ES256"]


def fetch_keys():
    """The issuer may be down for a moment."""
    give_up_at = time.monotonic() + GIVE_UP_AFTER_SECONDS
    while True:
        try:
            with urllib.request.urlopen(ADDRESS, timeout=10) as answer:
                return JsonWebKey.import_key_set(json.load(answer))
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)


def main():
    tokens = JsonWebToken(ALGORITHMS)
    keys, kept_until = None, 0.0
    for line in sys.stdin:
        number, token = line.split()
        if time.monotonic() >= kept_until:
            keys, kept_until = fetch_keys(), time.monotonic() + MAX_AGE_SECONDS
        try:
            claims = tokens.decode(token, keys, claims_options={"iss": {"value": ISSUER}})
            claims.validate(leeway=LEEWAY_SECONDS)
            print(number, "ok", flush=True)
        except Exception as error:
            print(number, type(error).__name__, error, flush=True)


main()
