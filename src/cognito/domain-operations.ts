import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './addressed.ts';
import { NO_ACCOUNT } from './arn.ts';
import { DOMAIN_NAMES } from './declared-parts.ts';
import type { Domain } from './domains.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import { recordPoolChange } from './pool-administration.ts';
import type { Room } from './room.ts';

const ofDomain = z.object({ Domain: z.string().min(1).max(253), UserPoolId: z.string() });
const written = ofDomain.extend({
  CustomDomainConfig: z.object({ CertificateArn: z.string().min(1).max(2048) }).nullish(),
  ManagedLoginVersion: z.int().min(1).max(2).nullish(),
});

/** Domains of pools, as CDK and Terraform make them. Every pool is reached at the endpoint, with or without one. */
export function domainOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateUserPoolDomain: write(room, async (domain) => {
      if (await room.domains.create(domain)) return;
      const isTaken = (await room.domains.find(domain.name)) !== undefined;
      throw invalid(
        isTaken
          ? 'Domain already associated with another user pool.'
          : 'User pool already has a domain configured.',
      );
    }),
    UpdateUserPoolDomain: write(room, async (domain) => {
      if (!(await room.domains.update(domain))) throw notFound();
    }),
    DescribeUserPoolDomain: signedOperation(ofDomain.pick({ Domain: true }), async (given) => {
      const domain = await room.domains.find(given.Domain);
      return { DomainDescription: domain ? domainView(domain, room) : {} };
    }),
    DeleteUserPoolDomain: signedOperation(ofDomain, async (given, origin) => {
      const pool = await poolOf(given.UserPoolId, room);
      if (!(await room.domains.delete({ name: given.Domain, poolId: pool.id }))) throw notFound();
      await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
      return {};
    }),
  };
}

function write(room: Room, put: (domain: Domain) => Promise<void>): Operation {
  return signedOperation(written, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const domain = readDomain(given);
    await put(domain);
    await recordPoolChange('pool.updated', pool, { by: 'cognito', origin }, room);
    return {
      ManagedLoginVersion: domain.loginVersion,
      ...(domain.kind === 'custom' && { CloudFrontDomain: hostOf(room) }),
    };
  });
}

function readDomain(given: z.output<typeof written>): Domain {
  const { Domain: name, UserPoolId: poolId, CustomDomainConfig: custom } = given;
  const kind = custom ? 'custom' : 'prefix';
  if (!DOMAIN_NAMES[kind].test(name)) throw invalid(`Invalid domain: ${name}`);
  return {
    name,
    kind,
    poolId,
    ...(custom && { certificate: custom.CertificateArn }),
    loginVersion: given.ManagedLoginVersion ?? 1,
  };
}

function domainView(
  { name, kind, poolId, certificate, loginVersion }: Domain,
  room: Room,
): JsonObject {
  return {
    UserPoolId: poolId,
    AWSAccountId: NO_ACCOUNT,
    Domain: name,
    Status: 'ACTIVE',
    Version: '1',
    ManagedLoginVersion: loginVersion,
    CloudFrontDistribution: hostOf(room),
    ...(kind === 'custom' && { CustomDomainConfig: { CertificateArn: certificate ?? '' } }),
  };
}

/** Where whoever keeps a host name of their own lets it point to. */
function hostOf({ settings }: Room): string {
  return new URL(settings.endpoint).host;
}

function invalid(message: string): CognitoException {
  return new CognitoException('InvalidParameterException', message);
}

function notFound(): CognitoException {
  return new CognitoException('ResourceNotFoundException', 'No such domain or user pool exists.');
}
