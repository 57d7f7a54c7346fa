import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { server as hapiServer } from '@hapi/hapi';
import t from 'tap';
import { startTheApp } from '../../../testing/theapp.ts';
import { currentRelease } from '../version.ts';
import { addPages } from './pages.ts';

/** Without MySQL, Redis and Memcached. */
const app = await startTheApp();
t.teardown(() => app.stop());

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

t.test('errors are pages for browsers and JSON for programs, and reveal no internals', async (t) => {
  const cases: [url: string, status: number, heading: string][] = [
    ['/no/such/page', 404, 'Page not found'],
    ['/todos?before=x', 400, 'Invalid request'],
    ['/api/todos/%', 400, 'Invalid request'],
    ['/todos', 503, 'Temporarily unavailable'],
    ['/assets/other.css', 404, 'Page not found'],
  ];
  for (const [url, status, heading] of cases) {
    const page = await app.get(url, { accept: html, 'x-request-id': 'id-1' });
    t.match(page, { status, headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' } }, url);
    t.match(page, { body: `<h1>${heading}</h1>`, headers: { 'x-request-id': 'id-1' } });
    t.match(page.body, 'Request id: <code>id-1</code>');
    t.notMatch(page.body, /mysql|ECONN|before|schema|\.ts/i);
    for (const accept of ['*/*', 'application/json']) {
      const data = await app.get(url, { accept });
      t.match(data, { status, body: { statusCode: status }, headers: { 'content-type': /json/ } });
    }
  }
  t.match(await app.get('/todos', { accept: html }), { headers: { 'retry-after': '1' } });
  const body = { title: 'x'.repeat(40_000) };
  const tooMuch = { status: 413, body: '<h1>Too long</h1>' };
  t.match(await app.ask('POST', '/api/todos', { body, headers: { accept: html } }), tooMuch);
  const type = { 'content-type': 'application/x-www-form-urlencoded', accept: html };
  const refused = await app.ask('POST', '/todos', { body: 'title=a&text=b', headers: type });
  t.match(refused, { status: 403, body: '<h1>Form rejected</h1>' });
  t.match(await app.ask('POST', '/todos', { body: { title: 'JSON' }, headers: { accept: html } }), {
    status: 415,
    body: '<h1>Unsupported Media Type</h1>',
  });
});

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

t.test('security headers', async (t) => {
  const always = { 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' };
  const page = {
    ...always,
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'permissions-policy': /camera=\(\)/,
  };
  const data = { ...always, 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" };
  const cases: [url: string, accept: string, headers: object][] = [
    ['/', html, page],
    ['/todos/new', '*/*', page],
    ['/docs', '*/*', page],
    ['/no/such/page', html, page],
    ['/todos', html, page],
    ['/hello', '*/*', data],
    ['/hello', html, data],
    ['/no/such/page', '*/*', data],
    ['/todos', '*/*', data],
    ['/openapi.json', '*/*', data],
    ['/favicon.ico', '*/*', data],
  ];
  for (const [url, accept, headers] of cases)
    t.match((await app.get(url, { accept })).headers, headers, `${url} ${accept}`);
});

t.test('assets are cached for ever, and their paths change with their content', async (t) => {
  const page = String((await app.get('/todos/new')).body);
  const [, css = ''] = /<link rel="stylesheet" href="([^"]+)">/.exec(page) ?? [];
  const [, icon = ''] = /<link rel="icon"[^>]* href="([^"]+)">/.exec(page) ?? [];
  const forEver = 'public, max-age=31536000, immutable';
  const other = css.replace(/-[0-9a-f]{12}/, '-0123456789ab');
  const cases: [url: string, type: RegExp, cache: string][] = [
    [css, /^text\/css/, forEver],
    [icon, /^image\/svg\+xml/, forEver],
    [other, /^text\/css/, 'no-cache'],
    ['/favicon.ico', /^image\/svg\+xml/, 'public, max-age=86400'],
  ];
  for (const [url, type, cache] of cases)
    t.match(
      await app.get(url),
      { status: 200, headers: { 'content-type': type, 'cache-control': cache } },
      url,
    );
  t.equal((await app.get(other)).body, (await app.get(css)).body);
  for (const url of ['/assets/theapp.css', '/assets/..%2fmain.ts', '/assets/layout.hbs', '/assets/'])
    t.equal((await app.get(url)).status, 404, url);
  t.notMatch(page, /<script|<style|style="|https?:/, 'nothing inline, nothing from other hosts');
});

t.test('a release with broken pages does not start', async (t) => {
  const breaks: [string, (pages: string) => Promise<void>][] = [
    ['no pages', (pages) => rm(pages, { recursive: true })],
    ['no style sheet', (pages) => rm(join(pages, 'theapp.css'))],
    ['no layout', (pages) => rm(join(pages, 'partials/layout.hbs'))],
    ['a view that cannot be compiled', (pages) => writeFile(join(pages, 'todos.hbs'), '{{#if}')],
  ];
  for (const [name, doBreak] of breaks) {
    const folder = t.testdir();
    await cp(join(currentRelease().folder, 'pages'), join(folder, 'pages'), { recursive: true });
    await doBreak(join(folder, 'pages'));
    await t.rejects(addPages(hapiServer(), { folder }), name);
  }
  const folder = t.testdir();
  await cp(join(currentRelease().folder, 'pages'), join(folder, 'pages'), { recursive: true });
  await t.resolves(addPages(hapiServer(), { folder }), 'complete pages');
});
