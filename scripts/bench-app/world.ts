import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Redis } from 'ioredis';
import { startMariadb } from '../../app/test/mariadb.ts';
import { unpackRelease } from '../../app/test/program.ts';
import { startMemcached } from '../../app/test/servers/memcached.ts';
import { freePort } from '../../app/test/servers/process.ts';
import { startRedis } from '../../app/test/servers/redis.ts';
import { failure } from '../../provision/errors.ts';
import { locate } from '../../provision/machines/qemu/programs.ts';
import type { ServiceName } from './calls.ts';
import { type PeerName, peerNames } from './peer.ts';

export type SubjectName = 'theapp' | PeerName;

/** A server that is measured: a process of its own. */
export interface Subject {
  readonly name: SubjectName;
  readonly url: string;
  readonly pid: number;
}

export interface World {
  readonly subjects: readonly Subject[];
  stop(): Promise<void>;
}

const peer = resolve(import.meta.dirname, 'peer.ts');
const dockerfile = resolve(import.meta.dirname, '../../app/Dockerfile');

/** Node's own options, as containers start TheAPP with. */
function nodeOptions(): string[] {
  const [, entrypoint = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(dockerfile, 'utf8')) ?? [];
  return JSON.parse(entrypoint).slice(1, -1);
}

/** What stands before the command of a subject: they have the first core to themselves, in turn. */
const onFirstCore = (): readonly string[] =>
  locate('taskset') && availableParallelism() > 1 ? ['taskset', '-c', '0'] : [];

/** This process and all that it starts from now on, databases and load, leave the first core alone. */
async function leaveFirstCore(): Promise<void> {
  if (onFirstCore().length === 0) return;
  await execa('taskset', ['-a', '-c', '-p', `1-${availableParallelism() - 1}`, String(process.pid)]);
}

/** Starts MariaDB, Redis and Memcached with what the services are asked for, TheAPP's release as in production, and its peers. */
export async function startWorld(services: readonly ServiceName[], signal: AbortSignal): Promise<World> {
  const first = onFirstCore();
  await leaveFirstCore();
  const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
  const folder = await mkdtemp(join(tmpdir(), 'theapp-bench-'));
  const stopServers = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const ends = new AbortController();
  const cancelSignal = AbortSignal.any([signal, ends.signal]);
  const environment = Object.assign({}, ...servers.map((server) => server.environment));
  const start = async (name: SubjectName, words: readonly string[]): Promise<Subject> => {
    const port = await freePort();
    const [file = '', ...args] = [...first, process.execPath, ...words];
    const env = { PATH: process.env.PATH, ...environment, PORT: String(port) };
    // The log goes where it costs what a log costs, and fills no disk.
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    const child = execa(file, args, { env, extendEnv: false, cancelSignal, stdio, reject: false });
    const subject = { name, url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
    await Promise.race([answers(subject, cancelSignal), child.then(() => ended(name))]);
    return subject;
  };
  const stop = async () => {
    ends.abort();
    await stopServers();
    await rm(folder, { recursive: true });
  };
  try {
    const program = await unpackRelease(folder);
    await execa(process.execPath, [program, 'migrate'], { env: environment, cancelSignal });
    const subjects = [await start('theapp', [...nodeOptions(), program])];
    for (const name of peerNames) subjects.push(await start(name, [peer, name]));
    await seed(subjects[0], services, servers[1].admin());
    return { subjects, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ended(name: string): never {
  throw failure({ place: name, what: 'ended before it answered', todo: 'its own words stand above' });
}

async function answers({ name, url }: Subject, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/hello`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw failure({ place: name, what: 'does not answer within 30 s' });
}

/** A user whose birthday is known, a page of todos; for the peers the same in keys of their own. */
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
