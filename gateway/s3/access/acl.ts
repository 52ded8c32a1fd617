// Access control lists: canned, in headers and as documents (Amazon S3 User Guide, "Access control list (ACL) overview").
import type { Acl, AclGroup, AclPermission } from '@oort/schema/events/storage';
import { S3Error } from '../s3-error';
import { header, type S3Request } from '../s3-request';
import { document, element, fields, malformed, parseXml, type Markup } from '../xml';
import { privateAcl } from './bucket-rules';
import type { Identities } from './identities';

type Grant = Acl['grants'][number];

const groups: Readonly<Record<string, AclGroup>> = {
  'http://acs.amazonaws.com/groups/global/AllUsers': 'AllUsers',
  'http://acs.amazonaws.com/groups/global/AuthenticatedUsers': 'AuthenticatedUsers',
  'http://acs.amazonaws.com/groups/s3/LogDelivery': 'LogDelivery',
};
const permissions: readonly AclPermission[] = ['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'];
const grantHeaders = {
  'x-amz-grant-full-control': 'FULL_CONTROL', 'x-amz-grant-read': 'READ', 'x-amz-grant-write': 'WRITE', 'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
} as const satisfies Readonly<Record<string, AclPermission>>;
const mostGrants = 100;

const everyone = (permission: AclPermission): Grant => ({ grantee: { group: 'AllUsers' }, permission });

/** Throws S3Error InvalidArgument for a name that is none. */
export function cannedAcl(name: string, owner: string, bucketOwner: string): Acl {
  const own = privateAcl(owner);
  const and = (...more: readonly Grant[]): Acl => ({ owner, grants: [...own.grants, ...more] });
  switch (name) {
    case 'private':
    case 'aws-exec-read': return own;
    case 'public-read': return and(everyone('READ'));
    case 'public-read-write': return and(everyone('READ'), everyone('WRITE'));
    case 'authenticated-read': return and({ grantee: { group: 'AuthenticatedUsers' }, permission: 'READ' });
    case 'bucket-owner-read': return owner === bucketOwner ? own : and({ grantee: { accountId: bucketOwner }, permission: 'READ' });
    case 'bucket-owner-full-control': return owner === bucketOwner ? own : and({ grantee: { accountId: bucketOwner }, permission: 'FULL_CONTROL' });
    case 'log-delivery-write': return and(...(['WRITE', 'READ_ACP'] as const).map((permission): Grant => ({ grantee: { group: 'LogDelivery' }, permission })));
    default: throw new S3Error('InvalidArgument', '', {}, { ArgumentName: 'x-amz-acl', ArgumentValue: name });
  }
}

/** What the headers ask for, or null. Throws S3Error InvalidRequest, InvalidArgument, UnresolvableGrantByEmailAddress. */
export function aclOfHeaders(request: Pick<S3Request, 'incoming' | 'identities'>, owner: string, bucketOwner: string): Acl | null {
  const canned = header(request, 'x-amz-acl');
  const grants = Object.entries(grantHeaders).flatMap(([name, permission]) => grantsOf(header(request, name), permission, request.identities));
  if (canned !== null && grants.length > 0) throw new S3Error('InvalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed');
  if (canned !== null) return cannedAcl(canned, owner, bucketOwner);
  return grants.length === 0 ? null : { owner, grants };
}

/** `id="…", uri="…", emailAddress="…"`. */
function grantsOf(text: string | null, permission: AclPermission, identities: Identities): readonly Grant[] {
  if (text === null || text.trim() === '') return [];
  return text.split(',').map((part) => {
    const [, kind = '', value = ''] = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/.exec(part) ?? [];
    const [id, uri, email] = ['id', 'uri', 'emailaddress'].map((name) => (kind.toLowerCase() === name ? value : undefined));
    return { grantee: granteeOf({ ID: id, URI: uri, EmailAddress: email }, identities), permission };
  });
}

function granteeOf(given: Readonly<Record<string, unknown>>, identities: Identities): Grant['grantee'] {
  const { ID: id, URI: uri, EmailAddress: email } = given;
  if (typeof uri === 'string') {
    const group = Object.hasOwn(groups, uri) ? groups[uri] : undefined;
    if (group === undefined) throw new S3Error('InvalidArgument', 'Invalid group uri', {}, { ArgumentName: 'uri', ArgumentValue: uri });
    return { group };
  }
  if (typeof email === 'string') {
    const accountId = identities.withEmail(email);
    if (accountId === null) throw new S3Error('UnresolvableGrantByEmailAddress', 'The e-mail address you provided does not match any account on record.');
    return { accountId };
  }
  const accountId = typeof id === 'string' ? identities.withCanonicalId(id) : null;
  if (accountId === null) throw new S3Error('InvalidArgument', 'Invalid id', {}, { ArgumentName: 'CanonicalUser/ID', ArgumentValue: typeof id === 'string' ? id : '' });
  return { accountId };
}

/** Throws S3Error MalformedACLError, AccessDenied when the owner is another, and what a grantee can be refused for. */
export function parseAcl(bytes: Buffer, owner: string, identities: Identities): Acl {
  const { Owner: named, AccessControlList: list } = parseXml(bytes, 'AccessControlPolicy');
  const { ID: id } = fields(named);
  if (named === undefined || list === undefined) throw malformedAcl();
  if (typeof id === 'string' && id !== identities.of(owner).canonicalId) throw new S3Error('AccessDenied', 'Access Denied');
  const listed = list === '' ? [] : fields(list)['Grant'] ?? [];
  if (!Array.isArray(listed)) throw malformed();
  if (listed.length > mostGrants) throw malformedAcl();
  return { owner, grants: listed.map((grant: unknown): Grant => {
    const { Grantee: grantee, Permission: permission } = fields(grant);
    const known = permissions.find((name) => name === permission);
    if (known === undefined || typeof grantee !== 'object') throw malformedAcl();
    return { grantee: granteeOf(fields(grantee), identities), permission: known };
  }) };
}

export function aclDocument({ owner, grants }: Acl, identities: Identities): string {
  return document('AccessControlPolicy', {
    Owner: ownerElement(identities, owner), AccessControlList: element('AccessControlList', { Grant: grants.map((grant) => grantElement(grant, identities)) }),
  });
}

function grantElement({ grantee, permission }: Grant, identities: Identities): Markup {
  const shown = 'group' in grantee
    ? typed('Group', { URI: Object.entries(groups).find(([, group]) => group === grantee.group)?.[0] })
    : typed('CanonicalUser', { ID: identities.of(grantee.accountId).canonicalId, DisplayName: identities.of(grantee.accountId).displayName });
  return element('Grant', { Grantee: shown, Permission: permission });
}

function typed(type: 'CanonicalUser' | 'Group', content: Readonly<Record<string, string | undefined>>): Markup {
  const { markup } = element('Grantee', content);
  return { markup: markup.replace('<Grantee>', `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">`) };
}

export function ownerElement(identities: Identities, accountId: string): Markup { return identityElement('Owner', identities, accountId); }

export function identityElement(name: 'Owner' | 'Initiator', identities: Identities, accountId: string): Markup {
  const { canonicalId, displayName } = identities.of(accountId);
  return element(name, { ID: canonicalId, DisplayName: displayName });
}

/** Grants to everyone, or to everyone with a key anywhere, are public. */
export function isPublicAcl({ grants }: Acl): boolean {
  return grants.some(({ grantee }) => 'group' in grantee && grantee.group !== 'LogDelivery');
}

export function grants(acl: Acl, to: { readonly accountId: string | null; readonly ignorePublic: boolean }, permission: AclPermission): boolean {
  return acl.grants.some(({ grantee, permission: given }) => {
    if (given !== permission && given !== 'FULL_CONTROL') return false;
    if ('accountId' in grantee) return grantee.accountId === to.accountId;
    if (to.ignorePublic || grantee.group === 'LogDelivery') return false;
    return grantee.group === 'AllUsers' || to.accountId !== null;
  });
}

function malformedAcl(): S3Error {
  return new S3Error('MalformedACLError', 'The XML you provided was not well-formed or did not validate against our published schema');
}
