import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { explain, failure } from '../errors.ts';
import { approach, type Expected } from '../language/approach.ts';
import type { Event } from '../report/events.ts';
import { localShell } from '../shell/local.ts';
import { type Script, sh } from '../shell/sh.ts';
import { vm } from '../testing/facts.ts';
import { verify } from './verify.ts';

const noSession = () => Promise.reject(new Error('no session is needed'));

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string };
type Reply = { status?: number; body?: string; cut?: boolean };

/** Verifies one question at a server that answers as it is told, and says what both sides saw. */
async function asking(t: Test, expected: Expected, ...replies: Reply[]) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    const { status = 200, body = '', cut = false } = replies[asked.length - 1] ?? {};
    response.writeHead(status, { 'content-length': body.length + (cut ? 1 : 0) });
    response.write(body);
    if (cut) setImmediate(() => response.destroy());
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path`;
  const events: Event[] = [];
  let given: string | undefined;
  const one = approach({
    groups: [],
    provision: async () => undefined,
    decommission: async () => undefined,
    urls: () => [],
    verify: async ({ expect }) => {
      given = await expect(url, { ...expected, secure: `${url}/secure` });
    },
  });
  await verify(one, [], (event) => events.push(event), noSession);
  return { url, asked, events, given };
}

t.test('requests and expected answers', async (t) => {
  const plain = await asking(t, { body: 'yes' }, { body: 'yes' });
  t.match(plain.asked, [{ method: 'GET', url: '/path', body: '' }]);
  t.notOk('content-type' in (plain.asked[0]?.headers ?? {}), 'no body is sent');
  t.equal(plain.given, 'yes', 'expect returns the body');
  t.match(plain.events, [{ event: 'verify', check: `GET ${plain.url}`, ok: true, answer: '200 yes' }]);

  const send = { dateOfBirth: '1990-12-31', name: 'Zoë' };
  const put = await asking(t, { method: 'PUT', send, status: 204 }, { status: 204 });
  t.match(put.asked, [{ method: 'PUT', headers: { 'content-type': 'application/json' } }]);
  t.strictSame(JSON.parse(put.asked[0]?.body ?? ''), send);
  t.match(put.events, [{ check: `PUT ${put.url}`, answer: '204' }]);

  const html = await asking(t, { accept: 'text/html', body: /yes/ }, { body: 'oh yes' });
  t.equal(html.asked[0]?.headers.accept, 'text/html');

  const redirected = await asking(
    t,
    { method: 'POST', send: 1, body: 'yes' },
    { status: 308 },
    { body: 'yes' },
  );
  t.match(redirected.asked, [{ url: '/path' }, { method: 'POST', url: '/path/secure', body: '1' }]);
  t.match(redirected.events, [{ answer: /^200 yes \(through / }]);
});

t.test('a wrong answer fails', async (t) => {
  const one = approach({
    groups: [],
    provision: async () => undefined,
    decommission: async () => undefined,
    urls: () => [],
    verify: async ({ expect }) => void (await expect('http://127.0.0.1:1/', { body: 'yes' })),
    hint: 'its log says more',
  });
  const error = await verify(one, [], () => undefined, noSession, { wrong: 60, absent: 0 }).catch(
    (error: unknown) => error,
  );
  const words = 'expected status 200 and "yes": found connection refused\n  → its log says more';
  t.equal(explain(error), `http://127.0.0.1:1/: ${words}`, 'the error ends with the hint of the approach');
});

t.test('verify waits for a late answer', async (t) => {
  const late = await asking(
    t,
    { body: 'yes' },
    { status: 503 },
    { body: 'no' },
    { body: 'ye', cut: true },
    { body: 'yes' },
  );
  t.equal(late.asked.length, 4, 'not ready, wrong, cut off, right');
  t.match(late.events.at(-1), { event: 'verify', ok: true });
});

t.test('a wrong answer gets less time than no answer', async (t) => {
  const one = (url: string) =>
    approach({
      groups: [],
      provision: async () => undefined,
      decommission: async () => undefined,
      urls: () => [],
      verify: async ({ expect }) => void (await expect(url, { body: 'yes' })),
    });
  const statuses = [502, 503, 504, 200];
  let asked = 0;
  const server = createServer((_request, response) => {
    response.statusCode = statuses[asked++] ?? 200;
    response.end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ends = verify(one(url), [], () => undefined, noSession, { wrong: 0, absent: 60 });
  await t.rejects(ends, { message: /expected status 200 and "yes": found 200 no/ });
  t.equal(asked, 4, 'three times not there yet, and then wrong at once');
});

t.test('checks on a host', async (t) => {
  const verified = async (...scripts: Script[]) => {
    const events: Event[] = [];
    let opened = 0;
    let closed = 0;
    const open = async () => {
      const shell = localShell();
      opened++;
      return {
        roundTrips: 0,
        exchange: shell.exchange,
        upload: () => Promise.reject(new Error('nothing is uploaded')),
        abort: () => void shell.close(),
        close: () => shell.close().then(() => void closed++),
      };
    };
    const one = approach({
      groups: ['vm'],
      provision: async () => undefined,
      decommission: async () => undefined,
      urls: () => [],
      verify: async ({ hosts: { all }, check }) => {
        for (const script of scripts)
          for (const host of all)
            await check(host, 'days left', script, (printed) => {
              if (Number(printed) > 30) return `${printed} days`;
              throw failure({ what: `only ${printed} days`, todo: 'renew' });
            });
      },
    });
    const host = { ...vm, name: 'a', groups: ['vm'] };
    const error = await verify(one, [host], (event) => events.push(event), open).catch(explain);
    return { events, error, opened, closed };
  };

  const good = await verified(sh`echo 60`, sh`echo 31`);
  t.match(good.events, [
    { event: 'verify', check: 'a: days left', ok: true, answer: '60 days' },
    { answer: '31 days' },
  ]);
  t.match(good, { error: undefined, opened: 1, closed: 1 }, 'one session for all checks of a host');

  const bad = await verified(sh`echo 2`, sh`echo 60`);
  t.match(bad.events, [{ check: 'a: days left', ok: false, answer: 'only 2 days' }]);
  t.match(bad, { error: 'a: days left: only 2 days\n  → renew', closed: 1 }, 'the first failure ends it');

  const broken = await verified(sh`echo no such file >&2; exit 3`);
  t.match(
    broken.error,
    /^a: days left: the check could not be made: exit code 3\n {4}no such file\n {2}→ fix/,
  );
  t.match(broken.closed, 1);
});
