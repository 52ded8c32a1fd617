import { openPostgres, testPostgres } from './index';

const opened = (url: string): Promise<unknown> => openPostgres({ directory: '/nowhere', environment: { OORT_POSTGRES_URL: url } });

test('a PostgreSQL of one\'s own is used as it is, and left running', async () => {
  const database = await testPostgres();
  const server = await openPostgres({ directory: '/nowhere', environment: { OORT_POSTGRES_URL: database.url } });
  expect(server.url).toBe(database.url);
  await server.stop();
  await expect(opened(database.url)).resolves.toMatchObject({ url: database.url });
  await database.stop();
});

test('one that cannot be used says why, without the password', async () => {
  const database = await testPostgres();
  await expect(opened('mysql://somewhere')).rejects.toMatchObject({ code: 'POSTGRES_UNUSABLE' });
  await expect(opened('postgres://a:secret@127.0.0.1:1/x')).rejects.toThrow(/^OORT_POSTGRES_URL: (?!.*secret)/);
  await expect(opened(database.url.replace(/\/\/oort:[^@]*@/, '//oort:secret@'))).rejects.toThrow(/password authentication failed/);
  await database.stop();
});
