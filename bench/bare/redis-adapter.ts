import type { Redis } from 'ioredis';
import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider';

const CONSUMABLE = new Set([
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'PushedAuthorizationRequest',
]);
const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);

/** The plain ioredis adapter that most installations of the engine begin with: MULTI, a hash where something is consumed. */
export function createRedisAdapter(redis: Redis): AdapterConstructor {
  return class implements Adapter {
    readonly name: string;

    constructor(name: string) {
      this.name = name;
    }

    key(id: string): string {
      return `bare:${this.name}:${id}`;
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const key = this.key(id);
      const json = JSON.stringify(payload);
      const multi = redis.multi();
      if (CONSUMABLE.has(this.name)) multi.hset(key, { payload: json });
      else multi.set(key, json);
      if (expiresIn) multi.expire(key, expiresIn);
      if (GRANTABLE.has(this.name) && payload.grantId) {
        const grant = `bare:grant:${payload.grantId}`;
        multi.rpush(grant, key);
        multi.expire(grant, 14 * 24 * 3600);
      }
      if (payload.uid) {
        multi.set(`bare:uid:${payload.uid}`, id);
        if (expiresIn) multi.expire(`bare:uid:${payload.uid}`, expiresIn);
      }
      await multi.exec();
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      if (!CONSUMABLE.has(this.name)) {
        const json = await redis.get(this.key(id));
        return json === null ? undefined : parse(json);
      }
      const { payload, consumed } = await redis.hgetall(this.key(id));
      if (payload === undefined) return undefined;
      return { ...parse(payload), ...(consumed !== undefined && { consumed: Number(consumed) }) };
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      const id = await redis.get(`bare:uid:${uid}`);
      return id === null ? undefined : this.find(id);
    }

    async findByUserCode(): Promise<undefined> {
      return undefined;
    }

    async consume(id: string): Promise<void> {
      await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000));
    }

    async destroy(id: string): Promise<void> {
      await redis.del(this.key(id));
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      const tokens = await redis.lrange(`bare:grant:${grantId}`, 0, -1);
      const multi = redis.multi();
      for (const token of tokens) multi.del(token);
      multi.del(`bare:grant:${grantId}`);
      await multi.exec();
    }
  };
}

function parse(json: string): AdapterPayload {
  const payload: AdapterPayload = JSON.parse(json);
  return payload;
}
