import t from 'tap';
import { startMariadb } from '../../../testing/servers/mariadb.ts';
import { startTheApp } from '../../../testing/theapp.ts';

const mariadb = await startMariadb();
t.teardown(() => mariadb.stop());
const app = await startTheApp(mariadb.environment);
t.teardown(() => app.stop());

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

t.test('plain text for programs, a page for browsers', async (t) => {
  const cases: [accept: string | undefined, type: string, body: RegExp][] = [
    [undefined, 'text/plain; charset=utf-8', /^Hello world!\n$/],
    ['*/*', 'text/plain; charset=utf-8', /^Hello world!\n$/],
    ['application/json', 'text/plain; charset=utf-8', /^Hello world!\n$/],
    [browser, 'text/html; charset=utf-8', /^<!doctype html>.*\/todos.*<\/html>\s*$/is],
  ];
  for (const [accept, type, body] of cases) {
    const answer = await app.get('/', accept ? { accept } : {});
    t.match(
      answer,
      { status: 200, body, headers: { 'content-type': type, vary: /\baccept\b/ } },
      `${accept}`,
    );
  }
});

t.test('without MySQL the page and /hello still work', async (t) => {
  await mariadb.kill();
  t.equal((await app.get('/')).status, 503);
  t.equal((await app.get('/', { accept: browser })).status, 200);
  t.strictSame((await app.get('/hello')).body, { hello: 'world' });
});
