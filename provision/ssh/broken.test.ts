import { statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Connection, ServerChannel } from 'ssh2';
import t from 'tap';
import { explain } from '../errors.ts';
import { sh } from '../shell/sh.ts';
import { type Faults, faultyServer, relay } from '../testing/ssh/faulty.ts';
import { proxy } from '../testing/ssh/proxy.ts';
import { blank, options, probe } from '../testing/ssh/session.ts';
import { remove, sshd } from '../testing/ssh/sshd.ts';
import { channels } from './channel.ts';
import { resolve } from './config.ts';
import { connect } from './connect.ts';
import { openSession } from './open.ts';

const text = `ünï 😀 ${'x'.repeat(50)}`;

t.test('a server that sends byte by byte, in the middle of characters', async (t) => {
  const exec = relay((chunk) => [...chunk].map((byte) => Buffer.of(byte)));
  const server = await faultyServer(t.testdir(), { exec });
  t.teardown(() => server.close());
  const session = await openSession(server.host(), options());
  t.equal((await probe(session, sh`printf %s ${text}`))?.stdout, text);
  t.equal((await probe(session, sh`printf %s ${text} >&2`))?.stderr, text);
  await session.close();
});

/** Faults during a reply, and the resulting errors. */
const faults: [
  name: string,
  fault: (chunk: Buffer, channel: ServerChannel, client: Connection) => unknown,
  words: RegExp,
][] = [
  ['drops the connection', (_, __, client) => client.end(), /the connection was lost/],
  [
    'closes without an exit code',
    (_, channel) => channel.close(),
    /no shell could be started: the shell returned no exit code/,
  ],
  [
    'cuts the frame short',
    (chunk, channel) => {
      channel.write(chunk.subarray(0, chunk.length / 2));
      channel.exit(0);
      channel.close();
    },
    /no shell could be started: the shell exited with code 0/,
  ],
  [
    'sends another token',
    (chunk, channel) => {
      channel.write(chunk.toString('latin1').replace(/frame-[0-9a-f]+/g, `frame-${'0'.repeat(24)}`));
      channel.exit(0);
      channel.close();
    },
    /no shell could be started/,
  ],
  [
    'claims more bytes than it sends',
    (chunk, channel) => {
      channel.write(chunk.toString('latin1').replace(/^ *\d+ (p0000\.o)$/m, '999 $1'));
      channel.exit(0);
      channel.close();
    },
    /no shell could be started/,
  ],
  [
    'kills the shell',
    (_, channel) => {
      channel.exit('KILL');
      channel.close();
    },
    /no shell could be started: the shell was killed by SIGKILL/,
  ],
];
for (const [name, fault, words] of faults) {
  t.test(`a server that ${name}`, async (t) => {
    const server = await faultyServer(t.testdir(), { exec: relay((...args) => void fault(...args)) });
    t.teardown(() => server.close());
    const session = await openSession(server.host(), options());
    t.teardown(() => session.close());
    const error = await probe(session).catch((error) => error);
    t.match(error, { kind: 'unreachable' });
    t.match(explain(error), words);
  });
}

/** Faults that prevent a session. */
const refusals: [name: string, faults: Faults, words: RegExp][] = [
  [
    'opens no channel',
    { channels: 'refuse' },
    /does not allow a command to start: .*\n {2}→ check MaxSessions/,
  ],
  ['takes passwords only', { methods: ['password'] }, /refused every key .*; the server accepts: password/],
];
for (const [name, faults, words] of refusals) {
  t.test(`a server that ${name}`, async (t) => {
    const server = await faultyServer(t.testdir(), faults);
    t.teardown(() => server.close());
    const error = await openSession(server.host(), options()).catch((error) => error);
    t.match(error, { kind: 'unreachable' });
    t.match(explain(error), words);
  });
}

t.test('opening a channel times out', async (t) => {
  const server = await faultyServer(t.testdir(), { channels: 'ignore' });
  t.teardown(() => server.close());
  const link = await connect(await resolve(server.host()), {
    milliseconds: 5000,
    signal: new AbortController().signal,
  });
  const error = await channels(link, 200)
    .start('exec sh')
    .catch((error) => error);
  t.match(error, { kind: 'unreachable' });
  t.match(explain(error), /^faulty: 127.0.0.1:\d+ opened no channel within 0.2 s\n {2}→/);
  await link.close();
});

t.test('a connection that fails', async (t) => {
  // Most of the time these tests wait for the keepalive.
  t.jobs = 3;
  const server = await sshd();
  t.teardown(() => remove(server));
  const { config, known } = blank(t.testdir());
  writeFileSync(config, 'ServerAliveInterval 1\nServerAliveCountMax 1\n');
  writeFileSync(known, '');
  const upload = { from: `${server.folder}/user.pub`, to: `${server.folder}/x` };
  const bytes = statSync(upload.from).size;

  t.test('silently: the keepalive detects it, and the exchange fails as unreachable', async (t) => {
    const way = await proxy(server.port);
    t.teardown(() => way.close());
    // Without a user the host is incomplete, so the keepalive is read from ssh_config.
    const { user: _, ...host } = server.host({ port: way.port });
    const session = await openSession(host, options({ config }));
    t.teardown(() => session.close());
    await probe(session);
    way.stall();
    const start = Date.now();
    const error = await probe(session).catch((error) => error);
    t.match(error, { kind: 'unreachable' });
    t.match(explain(error), /^box: the connection was lost: the host has not answered for 2 s\n {2}→/);
    t.ok(Date.now() - start < 4000);
  });

  t.test('with a reset, while idle and during a reply', async (t) => {
    const way = await proxy(server.port);
    t.teardown(() => way.close());
    const [idle, busy] = [
      await openSession(server.host({ port: way.port }), options()),
      await openSession(server.host({ port: way.port }), options()),
    ];
    t.teardown(() => Promise.all([idle.close(), busy.close()]));
    await probe(idle);
    const asking = busy.exchange({ steps: [{ script: sh`sleep 20`, timeout: 30 }], probes: [] });
    setTimeout(() => way.reset(), 100);
    const error = await asking.catch((error) => error);
    t.match(explain(error), /^box: the connection was lost: .*(ECONNRESET|closed)/);
    t.match(await probe(idle).catch((error) => error), { kind: 'unreachable' });
    t.match(await idle.upload({ ...upload, bytes }, () => undefined).catch((error) => error), {
      kind: 'unreachable',
    });
  });

  t.test('during an upload', async (t) => {
    const way = await proxy(server.port);
    t.teardown(() => way.close());
    const { user: _, ...host } = server.host({ port: way.port });
    const session = await openSession(host, options({ config }));
    t.teardown(() => session.close());
    const bytes = 30_000_000;
    writeFileSync(`${server.folder}/from`, Buffer.alloc(bytes));
    const upload = { from: `${server.folder}/from`, to: `${server.folder}/to`, bytes };
    const error = await session
      .upload(upload, (sent) => sent > 3_000_000 && way.stall())
      .catch((error) => error);
    t.match(explain(error), /^box: the upload of .*to was interrupted: the host has not answered for 2 s/);
  });
});

/** Services other than SSH servers that may listen on a port. */
const services: [name: string, behave: (socket: Socket) => void, words: RegExp][] = [
  ['sends nothing', () => undefined, /127.0.0.1:\d+ does not answer as an SSH server: timed out/],
  ['closes the connection', (socket) => socket.end(), /closed the connection before it was established/],
  [
    'resets the connection',
    (socket) => socket.resetAndDestroy(),
    /closed the connection before it was established/,
  ],
  [
    'speaks HTTP',
    (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    /does not speak SSH 2|closed the connection/,
  ],
  ['speaks SSH 1', (socket) => socket.write('SSH-1.5-old\r\n'), /does not speak SSH 2/],
];
for (const [name, behave, words] of services) {
  t.test(`a service that ${name}`, async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      behave(socket);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.teardown(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' ? Number(address?.port) : 0;
    const good = await faultyServer(t.testdir(), {});
    t.teardown(() => good.close());
    const error = await openSession(good.host({ port }), options({ connectSeconds: 1 })).catch(
      (error) => error,
    );
    t.match(error, { kind: 'unreachable' });
    t.match(explain(error), words);
  });
}
