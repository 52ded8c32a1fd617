// What a request says of the condition keys of policies.
// Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys for Amazon S3".
import type { Context } from '../policy/context';
import { header, queryValue, type S3Request } from '../s3-request';
import type { Tags } from '../tags';
import { anonymous } from './identities';

export interface Known { /** Of the object that is there. */ readonly existingTags: Tags | null; readonly requestTags: Tags | null; readonly versionId: string | null; readonly bucketOwner: string }

const headerKeys: Readonly<Record<string, string>> = {
  'aws:referer': 'referer', 'aws:useragent': 'user-agent', 's3:if-match': 'if-match', 's3:if-none-match': 'if-none-match', 's3:object-lock-legal-hold': 'x-amz-object-lock-legal-hold',
  's3:object-lock-mode': 'x-amz-object-lock-mode', 's3:object-lock-retain-until-date': 'x-amz-object-lock-retain-until-date',
};
const queryKeys: Readonly<Record<string, string>> = { 's3:prefix': 'prefix', 's3:delimiter': 'delimiter', 's3:max-keys': 'max-keys' };

export function contextOf(request: S3Request, known: Known): Context {
  return (key) => {
    const value = key.startsWith('s3:existingobjecttag/') ? tagOf(known.existingTags, key) : key.startsWith('s3:requestobjecttag/') ? tagOf(known.requestTags, key) : valueOf(request, known, key);
    return typeof value === 'string' ? [value] : value;
  };
}

function valueOf(request: S3Request, known: Known, key: string): string | readonly string[] | null {
  const { auth, incoming, method } = request;
  const account = auth.accountId === anonymous ? null : auth.accountId;
  if (Object.hasOwn(headerKeys, key)) return header(request, headerKeys[key] ?? '');
  if (Object.hasOwn(queryKeys, key)) return queryValue(request, queryKeys[key] ?? '');
  switch (key) {
    case 'aws:sourceip': return incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? null;
    case 'aws:securetransport': return String('encrypted' in incoming.socket);
    case 'aws:currenttime': return request.now().toISOString();
    case 'aws:epochtime': return String(Math.floor(request.now().getTime() / 1000));
    case 'aws:principaltype': return account === null ? 'Anonymous' : 'Account';
    case 'aws:principalarn': return account === null ? null : `arn:aws:iam::${account}:root`;
    case 'aws:principalaccount':
    case 'aws:userid': return account ?? (key === 'aws:userid' ? anonymous : null);
    case 'aws:principalisawsservice': return 'false';
    case 's3:resourceaccount':
    case 'aws:resourceaccount': return known.bucketOwner;
    case 's3:authtype': return auth.form === 'header' ? 'REST-HEADER' : auth.form === 'query' ? 'REST-QUERY-STRING' : auth.form === 'post' ? 'POST' : null;
    case 's3:signatureversion': return auth.version;
    case 's3:signatureage': return auth.signedAt === null ? null : String(Math.max(0, request.now().getTime() - auth.signedAt));
    case 's3:versionid': return known.versionId;
    case 's3:requestobjecttagkeys': return known.requestTags === null ? null : Object.keys(known.requestTags);
    case 's3:objectcreationoperation': return String(method !== 'GET' && method !== 'HEAD' && method !== 'DELETE' && queryValue(request, 'partNumber') === null && queryValue(request, 'uploads') === null);
    // The door's own encryption is what a request without the header asks for.
    default: return key.startsWith('s3:x-amz-') ? header(request, key.slice('s3:'.length)) : null;
  }
}

/** Condition keys are told apart without case, and so are tags in them. */
function tagOf(tags: Tags | null, key: string): string | null {
  const name = key.slice(key.indexOf('/') + 1);
  return Object.entries(tags ?? {}).find(([tag]) => tag.toLowerCase() === name)?.[1] ?? null;
}
