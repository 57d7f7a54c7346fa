/**
 * The expected responses of TheAPP while a server is unavailable. The tests check this table and docs/faults.md shows it.
 * It is the same whether the server was killed, paused or cut off.
 *
 * A response is a status; `503 → 200` means that both occur, and that the last one holds before the fault is healed.
 */
export interface Row {
  /** The server that is unavailable. */
  unavailable: Target;
  answers: Record<RequestKind, Answers>;
  /** `/readyz` returns 200, and an entry of `degraded` starts with this. */
  degraded: string;
  /** Samples of `/metrics` that report it: a gauge with its value, or a counter that increases. */
  metrics: string[];
}

export const targets = [
  'MySQL primary',
  'MySQL replica',
  'Redis master',
  'Redis replica',
  'Sentinel',
  'Memcached',
] as const;
export type Target = (typeof targets)[number];

export const faults = ['killed', 'paused', 'cut'] as const;
export type Fault = (typeof faults)[number];

/** The kinds of requests that the clients send, as docs/faults.md shows them. */
export const requestKinds = {
  greeting: '`GET /`',
  birthday: '`GET /hello/{username}`',
  newBirthday: '`PUT /hello/{username}`',
  pokemon: '`GET /{pokemon}`',
  count: '`GET /counter/{id}`',
  ping: '`GET /ping`',
  todosPage: '`GET /todos`',
  todos: '`GET /api/todos`',
  newTodo: '`POST /api/todos`',
} as const;
export type RequestKind = keyof typeof requestKinds;

export type Answers = '200' | '201' | '204' | '503' | '503 → 200' | '500 → 200' | '200, count null';

/** The responses of a healthy TheAPP. */
export const healthy: Record<RequestKind, Answers> = {
  greeting: '200',
  birthday: '200',
  newBirthday: '204',
  pokemon: '200',
  count: '200',
  ping: '200',
  todosPage: '200',
  todos: '200',
  newTodo: '201',
};

const breaker = (dependency: string) => `dependency_breaker_open{dependency="${dependency}"} 1`;
const failed = (dependency: string) =>
  `dependency_calls_total{dependency="${dependency}",outcome="failed"} increases`;
const degraded = (service: string, part: string) =>
  `theapp_degraded_total{service="${service}",part="${part}"} increases`;

const peers = (kind: string, up: number) => `redis_peers{kind="${kind}"} ${up}`;

export const table: Row[] = [
  {
    unavailable: 'MySQL primary',
    answers: { ...healthy, newBirthday: '503', newTodo: '503' },
    degraded: 'mysql: ',
    metrics: [breaker('mysql'), failed('mysql')],
  },
  {
    unavailable: 'MySQL replica',
    answers: healthy,
    degraded: 'mysql-replica: ',
    metrics: [breaker('mysql-replica'), failed('mysql-replica')],
  },
  {
    unavailable: 'Redis master',
    answers: { ...healthy, count: '503 → 200', ping: '500 → 200' },
    degraded: 'redis: ',
    metrics: [failed('redis'), degraded('pokedex', 'cache')],
  },
  {
    unavailable: 'Redis replica',
    answers: healthy,
    degraded: 'redis-peers: 1 of 2 replicas',
    metrics: [peers('replicas', 1)],
  },
  {
    unavailable: 'Sentinel',
    answers: healthy,
    degraded: 'redis-peers: 2 of 3 sentinels',
    metrics: [peers('sentinels', 2)],
  },
  {
    unavailable: 'Memcached',
    answers: { ...healthy, pokemon: '200, count null' },
    degraded: 'memcached: ',
    metrics: [breaker('memcached'), failed('memcached'), degraded('pokedex', 'count')],
  },
];
