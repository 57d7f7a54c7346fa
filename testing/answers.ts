import type { Test } from 'tap';

/** Sends requests to TheAPP from outside the machine. Also checks that --verify has left no data that a user would see. */
export async function answers(t: Test, url: string): Promise<void> {
  const text = async (path: string) => (await fetch(`${url}${path}`)).text();
  t.equal(await text(''), 'Hello world!\n');
  t.equal(await text('hello'), '{"hello":"world"}');
  t.equal(await text('healthz'), '{"status":"Up and running!"}');
  t.equal(await text('readyz'), '{"status":"ready"}');
  t.equal(await text('counter/outside'), '{"count":1}');
  t.equal(await text('counter/outside'), '{"count":2}');
  t.match(await text('bulbasaur'), /"type":"planta","count":1\}/);
  t.equal(await text('api/todos'), '{"todos":[],"next":null}');
  const { headers } = await fetch(url, { headers: { 'x-request-id': 'mine', accept: 'text/html' } });
  t.equal(headers.get('x-request-id'), 'mine');
  t.match(headers.get('content-type'), 'text/html');
  t.equal((await fetch(`${url}metrics`)).status, 403, 'metrics are not for outsiders');
}
