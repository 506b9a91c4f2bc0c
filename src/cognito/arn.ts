/** AWS names accounts by twelve digits; there is none here. */
export const NO_ACCOUNT = '000000000000';

const POOL_ARN = /^arn:aws:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/(?<id>[\w-]+)$/;

/** What AWS tools call a pool. */
export function poolArn(poolId: string): string {
  const region = poolId.slice(0, poolId.indexOf('_'));
  return `arn:aws:cognito-idp:${region}:${NO_ACCOUNT}:userpool/${poolId}`;
}

/** The id of the pool that an ARN names; undefined: it names none. */
export function poolOfArn(arn: string): string | undefined {
  return POOL_ARN.exec(arn)?.groups?.['id'];
}
