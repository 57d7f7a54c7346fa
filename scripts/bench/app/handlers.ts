import { Redis } from 'ioredis';
import memjs from 'memjs';
import { createPool, type RowDataPacket } from 'mysql2';

/** The services that are measured; hello calls no dependency. */
export const serviceNames = ['hello', 'greeting', 'birthdays', 'pokedex', 'counter', 'todos'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What a service does for a request: one call to its dependency, and an answer of the same size as TheAPP's. */
export type Handler = () => Promise<object | string>;

/** The path of each service, the same for TheAPP and its peers. */
export const paths: Readonly<Record<ServiceName, string>> = {
  hello: '/hello',
  greeting: '/',
  birthdays: '/hello/bench',
  pokedex: '/charmander',
  counter: '/counter/bench',
  todos: '/api/todos',
};

/**
 * The handlers that the peers share, so that the framework is the only difference between them: no deadline, no
 * circuit breaker, nothing but the client library.
 */
export function openHandlers(environment: NodeJS.ProcessEnv): Record<ServiceName, Handler> {
  const rows = openRows(environment);
  const redis = new Redis({
    host: environment.REDIS_HOST ?? '127.0.0.1',
    port: Number(environment.REDIS_PORT),
    password: environment.REDIS_PASS ?? '',
  });
  const counts = memjs.Client.create(environment.MEMCACHED_SERVERS);
  return {
    hello: async () => ({ hello: 'world' }),
    greeting: async () => {
      const [row] = await rows('SELECT message FROM data WHERE id = ?', [1]);
      return `${row?.message}\n`;
    },
    birthdays: async () => {
      const born = await redis.get('bench:birthday');
      return { message: `Hello, bench! Your birthday is in ${(born ?? '').length} day(s)` };
    },
    pokedex: async () => {
      const [type, { value }] = await Promise.all([
        redis.get('bench:charmander'),
        counts.increment('bench:charmander', 1, { initial: 1, expires: 0 }),
      ]);
      return { statusCode: 200, data: { name: 'charmander', type, count: value } };
    },
    counter: async () => ({ count: await redis.incr('bench:counter') }),
    todos: async () => ({ todos: (await rows(todoList, ['21'])).slice(0, 20) }),
  };
}

/** The statement of `GET /api/todos`, which selects one row more than it shows. */
const todoList = 'SELECT id, title, text, done, created_at FROM todos ORDER BY id DESC LIMIT ?';

function openRows(environment: NodeJS.ProcessEnv) {
  const pool = createPool({
    host: environment.MYSQL_HOST ?? '127.0.0.1',
    port: Number(environment.MYSQL_PORT),
    user: 'theapp',
    password: environment.MYSQL_PASS ?? '',
    database: 'theapp',
    connectionLimit: 10,
  });
  return (sql: string, values: (string | number)[]) =>
    new Promise<RowDataPacket[]>((resolve, reject) =>
      pool.execute<RowDataPacket[]>(sql, values, (error, rows) => (error ? reject(error) : resolve(rows))),
    );
}
