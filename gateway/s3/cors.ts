// Cross-origin rules of a bucket (Amazon S3 User Guide, "Elements of a CORS configuration"; the Fetch standard, "CORS protocol").
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';
import { document, element, fields, malformed, parseXml, type Markup } from './xml';

export interface CorsRule {
  readonly id: string | null;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeS: number | null;
}

const mostRules = 100;
const methods = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

/** Throws S3Error MalformedXML, InvalidRequest. */
export function parseCors(bytes: Buffer): readonly CorsRule[] {
  const rules = parseXml(bytes, 'CORSConfiguration')['CORSRule'];
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > mostRules) throw malformed();
  return rules.map((rule: unknown): CorsRule => {
    const given = fields(rule);
    const origins = texts(given['AllowedOrigin']);
    const allowed = texts(given['AllowedMethod']);
    if (origins.length === 0 || allowed.length === 0) throw malformed();
    const unknown = allowed.find((method) => !methods.includes(method));
    if (unknown !== undefined) throw new S3Error('InvalidRequest', `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown}`);
    const headers = texts(given['AllowedHeader']);
    const twice = [...origins, ...headers].find((pattern) => pattern.split('*').length > 2);
    if (twice !== undefined) throw new S3Error('InvalidRequest', `"${twice}" can not have more than one wildcard.`);
    const { ID: id, MaxAgeSeconds: age } = given;
    if (age !== undefined && (typeof age !== 'string' || !/^\d{1,9}$/.test(age))) throw malformed();
    return {
      id: typeof id === 'string' ? id : null, origins, methods: allowed, headers, exposed: texts(given['ExposeHeader']),
      maxAgeS: age === undefined ? null : Number(age),
    };
  });
}

function texts(value: unknown): readonly string[] {
  const listed: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return listed.map((text) => {
    if (typeof text !== 'string') throw malformed();
    return text;
  });
}

export function corsDocument(rules: readonly CorsRule[]): string {
  const all = (name: string, values: readonly string[]): readonly Markup[] => values.map((value) => element(name, value));
  return document('CORSConfiguration', {
    CORSRule: rules.map(({ id, origins, methods: allowed, headers, exposed, maxAgeS }) => element('CORSRule', {
      ID: id, AllowedHeader: all('AllowedHeader', headers), AllowedMethod: all('AllowedMethod', allowed), AllowedOrigin: all('AllowedOrigin', origins),
      ExposeHeader: all('ExposeHeader', exposed), MaxAgeSeconds: maxAgeS,
    })),
  });
}

/** What the first rule that fits grants, or null. */
export function grantOf(
  rules: readonly CorsRule[], { origin, method, headers }: { readonly origin: string; readonly method: string; readonly headers: readonly string[] },
): Record<string, string> | null {
  const rule = rules.find((candidate) => candidate.methods.includes(method) && candidate.origins.some((pattern) => fits(pattern, origin))
    && headers.every((name) => candidate.headers.some((pattern) => fits(pattern.toLowerCase(), name.toLowerCase()))));
  if (rule === undefined) return null;
  const everyone = rule.origins.includes('*');
  return {
    'access-control-allow-origin': everyone ? '*' : origin, 'access-control-allow-methods': rule.methods.join(', '),
    ...(everyone ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(headers.length === 0 ? {} : { 'access-control-allow-headers': headers.join(', ') }),
    ...(rule.exposed.length === 0 ? {} : { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAgeS === null ? {} : { 'access-control-max-age': String(rule.maxAgeS) }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

/** A star stands for any run of characters. */
function fits(pattern: string, text: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === text;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}

type Asked = Pick<S3Request, 'incoming' | 'objects' | 'bucket'>;

/** Of the bucket, or none. */
async function rulesOf({ objects, bucket }: Asked): Promise<readonly CorsRule[]> {
  const text = bucket === '' ? undefined : (await objects.bucket(bucket))?.settings.cors;
  const rules: readonly CorsRule[] = text === undefined ? [] : JSON.parse(text);
  return rules;
}

/** A browser asks before it sends; nobody signs that. Throws S3Error InvalidRequest, AccessForbidden. */
export async function preflight(request: Asked): Promise<Record<string, string>> {
  const origin = header(request, 'origin');
  const method = header(request, 'access-control-request-method');
  if (origin === null || method === null) throw new S3Error('InvalidRequest', 'Insufficient information. Origin request header needed.');
  const headers = (header(request, 'access-control-request-headers') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  const grant = grantOf(await rulesOf(request), { origin, method, headers });
  if (grant === null) throw new S3Error('AccessForbidden', 'CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource\'s CORS spec.');
  return grant;
}

/** For the answer to a request that names its origin, whether it succeeds or not. */
export async function corsHeaders(request: Asked, method: string): Promise<Record<string, string>> {
  const origin = header(request, 'origin');
  return origin === null ? {} : grantOf(await rulesOf(request), { origin, method, headers: [] }) ?? {};
}
