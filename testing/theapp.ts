import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../app/src/config.ts';
import { createLog } from '../app/src/log.ts';
import { migrate } from '../app/src/schema/migrate.ts';
import { readMigrations } from '../app/src/schema/migrations.ts';
import { createServer } from '../app/src/server.ts';
import { currentRelease } from '../app/src/version.ts';

/** A response with parsed JSON, and its duration. */
export interface Answer {
  status: number;
  body: unknown;
  headers: Record<string, unknown>;
  milliseconds: number;
}

/** TheAPP with its schema, called through hapi's `inject`, without a network. */
export interface TheApp {
  ask(method: string, url: string, more?: { body?: object | string; headers?: object }): Promise<Answer>;
  get(url: string, headers?: object): Promise<Answer>;
  /** The value of a series in `/metrics`; 0 if it is missing. */
  metric(series: string): Promise<number>;
  stop(): Promise<void>;
}

/** `environments` belong to the servers that the test has started; the other dependencies are unreachable. */
export async function startTheApp(...environments: Record<string, string>[]): Promise<TheApp> {
  const given: Record<string, string> = Object.assign({}, ...environments);
  const config = readConfig({ ...unreachable, DRAIN_SECONDS: '0', ...given });
  const release = currentRelease();
  const migrations = readMigrations(release.folder);
  if (given.MYSQL_PORT) await migrate(config, migrations);
  const server = await createServer(config, release, createLog('silent', 'test'));
  await server.initialize();
  const ask: TheApp['ask'] = async (method, url, { body, headers } = {}) => {
    const began = performance.now();
    const answer = await server.inject({
      method,
      url,
      headers: { ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = answer.payload && /^application\/json/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      body: isJson ? JSON.parse(answer.payload) : answer.payload,
      headers: answer.headers,
      milliseconds: performance.now() - began,
    };
  };
  return {
    ask,
    get: (url, headers = {}) => ask('GET', url, { headers }),
    async metric(series) {
      const lines = String((await ask('GET', '/metrics')).body).split('\n');
      return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? 0);
    },
    stop: () => server.stop(),
  };
}

/** Port 1 refuses connections immediately, so that no test uses a server of this computer. */
const unreachable = {
  MYSQL_PASS: 'none',
  MYSQL_HOST: '127.0.0.1',
  MYSQL_PORT: '1',
  REDIS_PORT: '1',
  MEMCACHED_SERVERS: '127.0.0.1:1',
};

/** Polls until the condition holds; breakers and clients need time to reconnect. False after 20 s. */
export async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) if (await condition()) return true;
  return false;
}
