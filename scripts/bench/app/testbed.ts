import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Redis } from 'ioredis';
import { failure } from '../../../provision/index.ts';
import { unpackRelease } from '../../../testing/program.ts';
import { startMariadb } from '../../../testing/servers/mariadb.ts';
import { startMemcached } from '../../../testing/servers/memcached.ts';
import { freePort } from '../../../testing/servers/process.ts';
import { startRedis } from '../../../testing/servers/redis.ts';
import { execForm, environment as imageEnvironment } from '../../image/dockerfile.ts';
import { keepAwake, leaveFirstCore } from './cores.ts';
import type { ServiceName } from './handlers.ts';
import type { Options } from './options.ts';
import { peerNames } from './peer.ts';
import { withPriority } from './priority.ts';

const subjectNames = ['theapp', ...peerNames] as const;
export type SubjectName = (typeof subjectNames)[number];

/** A server under test, in a process of its own. */
export interface Subject {
  readonly name: SubjectName;
  readonly url: string;
  readonly pid: number;
}

export interface Testbed {
  /** Starts new processes of all subjects, or of those in `names`. */
  launch(names?: readonly SubjectName[]): Promise<Launch>;
  stop(): Promise<void>;
}

export interface Launch {
  readonly subjects: readonly Subject[];
  /** Stops all other subjects (SIGSTOP): idle servers have timers and collect garbage too. */
  isolate(subject: Subject): void;
  end(): Promise<void>;
}

/** Real-time priority above the load's, which shares a core with the servers. */
const priorityOfServers = 10;

const peer = resolve(import.meta.dirname, 'peer.ts');

/** The Node options with which containers start TheAPP. */
const nodeOptions = () => execForm('ENTRYPOINT').slice(1, -1);

/** Starts MariaDB, Redis and Memcached with the data that the services need; `launch` starts the subjects. */
export async function startTestbed({ services, urgent }: Options, signal: AbortSignal): Promise<Testbed> {
  const onFirstCore = await leaveFirstCore();
  const over = new AbortController();
  if (urgent && onFirstCore.length > 0) keepAwake(AbortSignal.any([signal, over.signal]));
  const start = () => Promise.all([startMariadb(), startRedis(), startMemcached()]);
  const servers = await (urgent ? withPriority(priorityOfServers, start) : start());
  const folder = await mkdtemp(join(tmpdir(), 'theapp-bench-'));
  const stop = async () => {
    over.abort();
    await Promise.all(servers.map((server) => server.stop()));
    await rm(folder, { recursive: true });
  };
  const environment = Object.assign({}, ...servers.map((server) => server.environment));
  try {
    const program = await unpackRelease(folder);
    await execa(process.execPath, [program, 'migrate'], { env: environment, cancelSignal: signal });
    const commandOf = (name: SubjectName) => [
      ...onFirstCore,
      process.execPath,
      ...(name === 'theapp' ? [...nodeOptions(), program] : [peer, name]),
    ];
    const launch = (names: readonly SubjectName[] = subjectNames) =>
      launchAll(names, { commandOf, environment, signal: AbortSignal.any([signal, over.signal]) });
    const seeding = await launch(['theapp']);
    await seed(seeding.subjects[0], services, servers[1].admin());
    await seeding.end();
    return { launch, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Terms {
  readonly commandOf: (name: SubjectName) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function launchAll(
  names: readonly SubjectName[],
  { commandOf, environment, signal }: Terms,
): Promise<Launch> {
  const ends = new AbortController();
  const cancelSignal = AbortSignal.any([signal, ends.signal]);
  const children: Promise<unknown>[] = [];
  const end = async () => {
    ends.abort();
    await Promise.all(children);
  };
  const start = async (name: SubjectName): Promise<Subject> => {
    const port = await freePort();
    const [file = '', ...args] = commandOf(name);
    const own = name === 'theapp' ? imageEnvironment() : {};
    const here = { HOST: '127.0.0.1', PORT: String(port) };
    const env = { PATH: process.env.PATH, ...own, ...environment, ...here };
    // Writing the log to /dev/null costs time as usual, but no disk space.
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    const ending = { cancelSignal, killSignal: 'SIGKILL', reject: false } as const;
    const child = execa(file, args, { env, extendEnv: false, stdio, ...ending });
    children.push(child);
    const subject = { name, url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
    await Promise.race([answers(subject, cancelSignal), child.then(() => ended(name))]);
    return subject;
  };
  try {
    const subjects: Subject[] = [];
    for (const name of names) subjects.push(await start(name));
    const isolate = ({ pid }: Subject) => {
      for (const subject of subjects) process.kill(subject.pid, subject.pid === pid ? 'SIGCONT' : 'SIGSTOP');
    };
    return { subjects, isolate, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function ended(name: string): never {
  throw failure({ place: name, what: 'exited before it answered', todo: 'see its output above' });
}

async function answers({ name, url }: Subject, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/hello`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw failure({ place: name, what: 'did not answer within 30 s' });
}

/** Creates a user with a birthday and a page of todos, and the same data in keys for the peers. */
async function seed(
  theapp: Subject | undefined,
  services: readonly ServiceName[],
  redis: Redis,
): Promise<void> {
  const send = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const { ok, status } = await fetch(`${theapp?.url}${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    if (!ok) throw failure({ place: 'theapp', what: `answered ${status} to ${method} ${path}` });
  };
  if (services.includes('birthdays')) await send('PUT', '/hello/bench', { dateOfBirth: '1990-05-17' });
  for (let i = 1; i <= 25 && services.includes('todos'); i++)
    await send('POST', '/api/todos', { title: `Todo ${i}`, text: `The text of ${i}.` });
  await redis.mset('bench:birthday', '1990-05-17', 'bench:charmander', 'fuego');
  redis.disconnect();
}
