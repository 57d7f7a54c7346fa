/**
 * What TheAPP answers while something is missing: the one table that the tests hold TheAPP to and that
 * docs/faults.md shows. It is the same whether a server was killed, is paused or is cut off.
 *
 * An answer is a status; `503 → 200` means that both occur and that the last holds before the fault is over.
 */
export interface Row {
  /** What does not answer. */
  missing: Target;
  answers: Record<Ask, Answers>;
  /** What `/readyz` says: always 200 here, `degraded` names what starts with this; */
  degraded: string;
  /** Samples of `/metrics` that tell of it: a gauge with its value, or a counter that grows. */
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

/** What the clients keep asking, with the words of the page for it. */
export const asks = {
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
export type Ask = keyof typeof asks;

export type Answers = '200' | '201' | '204' | '503' | '503 → 200' | '500 → 200' | '200, count null';

/** What each is answered when nothing is missing. */
export const healthy: Record<Ask, Answers> = {
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
  `dependency_calls_total{dependency="${dependency}",outcome="failed"} grows`;
const degraded = (service: string, part: string) =>
  `theapp_degraded_total{service="${service}",part="${part}"} grows`;

const peers = (kind: string, up: number) => `redis_peers{kind="${kind}"} ${up}`;

export const table: Row[] = [
  {
    missing: 'MySQL primary',
    answers: { ...healthy, newBirthday: '503', newTodo: '503' },
    degraded: 'mysql: ',
    metrics: [breaker('mysql'), failed('mysql')],
  },
  {
    missing: 'MySQL replica',
    answers: healthy,
    degraded: 'mysql-replica: ',
    metrics: [breaker('mysql-replica'), failed('mysql-replica')],
  },
  {
    missing: 'Redis master',
    answers: { ...healthy, count: '503 → 200', ping: '500 → 200' },
    degraded: 'redis: ',
    metrics: [failed('redis'), degraded('pokedex', 'cache')],
  },
  {
    missing: 'Redis replica',
    answers: healthy,
    degraded: 'redis-peers: 1 of 2 replicas',
    metrics: [peers('replicas', 1)],
  },
  {
    missing: 'Sentinel',
    answers: healthy,
    degraded: 'redis-peers: 2 of 3 sentinels',
    metrics: [peers('sentinels', 2)],
  },
  {
    missing: 'Memcached',
    answers: { ...healthy, pokemon: '200, count null' },
    degraded: 'memcached: ',
    metrics: [breaker('memcached'), failed('memcached'), degraded('pokedex', 'count')],
  },
];
