// Cross-origin rules as a browser meets them.
import { DeleteBucketCorsCommand, GetBucketCorsCommand, PutBucketCorsCommand, type CORSRule } from '@aws-sdk/client-s3';
import { grantOf, type CorsRule } from './cors';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

const preflight = (path: string, headers: Record<string, string>): Promise<Response> => fetch(`${door.url}${path}`, { method: 'OPTIONS', headers });

it('rules are kept as they were given, answered to browsers, and taken away', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  expect(await codeOf(s3.send(new GetBucketCorsCommand({ Bucket })))).toBe('404 NoSuchCORSConfiguration');
  const CORSRules: CORSRule[] = [
    { ID: 'app', AllowedOrigins: ['https://*.example.com'], AllowedMethods: ['PUT', 'GET'], AllowedHeaders: ['x-amz-*'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 60 },
    { AllowedOrigins: ['*'], AllowedMethods: ['HEAD'] },
  ];
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  expect((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
  const origin = 'https://a.example.com';
  const granted = await preflight(`/${Bucket}/a`, { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'X-Amz-Date' });
  expect([granted.status, granted.headers.get('access-control-allow-origin'), granted.headers.get('access-control-max-age')]).toEqual([200, origin, '60']);
  expect((await preflight(`/${Bucket}/a`, { origin, 'access-control-request-method': 'DELETE' })).status).toBe(403);
  expect((await preflight(`/${Bucket}/a`, { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'cookie' })).status).toBe(403);
  expect((await preflight(`/${Bucket}/a`, {})).status).toBe(400);
  // An error is told with the grant too, or the page could not read it.
  const refused = await fetch(`${door.url}/${Bucket}/a`, { headers: { origin } });
  expect([refused.status, refused.headers.get('access-control-allow-origin'), refused.headers.get('access-control-expose-headers')]).toEqual([403, origin, 'ETag']);
  await s3.send(new DeleteBucketCorsCommand({ Bucket }));
  expect((await preflight(`/${Bucket}/a`, { origin, 'access-control-request-method': 'PUT' })).status).toBe(403);
});

it('rules that cannot be are refused', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const put = (rule: CORSRule): Promise<string> => codeOf(s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } })));
  expect(await put({ AllowedOrigins: ['*'], AllowedMethods: ['PATCH'] })).toBe('400 InvalidRequest');
  expect(await put({ AllowedOrigins: ['*.*'], AllowedMethods: ['GET'] })).toBe('400 InvalidRequest');
  expect(await put({ AllowedOrigins: [], AllowedMethods: ['GET'] })).toBe('400 MalformedXML');
});

const rule: CorsRule = { id: null, origins: ['http://a*z'], methods: ['GET'], headers: [], exposed: [], maxAgeS: null };
it.each([['http://az', true], ['http://abcz', true], ['http://a', false], ['http://z', false], ['xhttp://az', false]])('a star in the middle: %s %s', (origin, granted) => {
  expect(grantOf([rule], { origin, method: 'GET', headers: [] }) !== null).toBe(granted);
});
