import type { RowDataPacket } from 'mysql2';
import t from 'tap';
import { startMariadb } from '../../../../testing/servers/mariadb.ts';
import { startMemcached } from '../../../../testing/servers/memcached.ts';
import { startRedis } from '../../../../testing/servers/redis.ts';
import { startTheApp, until } from '../../../../testing/theapp.ts';
import { pokemonTypes } from './pokemon.ts';

const [mariadb, redis, memcached] = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all([mariadb.stop(), redis.stop(), memcached.stop()]));
const app = await startTheApp(mariadb.environment, redis.environment, memcached.environment, {
  VHOSTS: 'pokedex.example.org=pokedex',
});
t.teardown(() => app.stop());

const missing = { type: 'RESOURCE_NOT_FOUND', description: 'There is no pokémon with this name' };
const degraded = (part: string) => app.metric(`theapp_degraded_total{service="pokedex",part="${part}"}`);
const pokemon = (name: string, type: string, count: number | null) => ({
  statusCode: 200,
  data: { name, type, count },
});

/** The rows of the last statement. */
async function root(sql: string): Promise<RowDataPacket[]> {
  const connection = await mariadb.root();
  await connection.query('USE theapp');
  const [rows] = await connection.query<RowDataPacket[]>(sql).finally(() => connection.end());
  return rows;
}

t.test('returns the type and counts the requests', async (t) => {
  const json = 'application/json; charset=utf-8';
  const first = await app.get('/charmander');
  t.match(first, { status: 200, headers: { 'content-type': json } });
  t.strictSame(first.body, pokemon('charmander', 'fuego', 1));
  t.strictSame((await app.get('/CharManDer')).body, pokemon('charmander', 'fuego', 2), 'not case-sensitive');
  t.strictSame((await app.get('/squirtle')).body, pokemon('squirtle', 'agua', 1));
  t.strictSame((await app.get('/bulbasaur')).body, pokemon('bulbasaur', 'planta', 1));
  t.strictSame((await app.get('/pikachu')).body, pokemon('pikachu', 'eléctrico', 1));
  const other = await app.get('/charmander', { host: 'pokedex.example.org' });
  t.strictSame(other.body, pokemon('charmander', 'fuego', 3), 'the same at the root of its host name');
  t.equal((await app.ask('HEAD', '/charmander')).status, 200);
  t.strictSame((await app.get('/charmander')).body, pokemon('charmander', 'fuego', 4), 'HEAD is not counted');
});

t.test('valid and invalid names', async (t) => {
  const cases: [path: string, status: number, type: string][] = [
    ['/nobody', 404, missing.type],
    ['/mr-mime', 404, missing.type],
    [`/${'x'.repeat(30)}`, 404, missing.type],
    [`/${'x'.repeat(31)}`, 400, 'BAD_REQUEST'],
    ['/porygon2', 400, 'BAD_REQUEST'],
    ['/-', 400, 'BAD_REQUEST'],
    ['/a--b', 400, 'BAD_REQUEST'],
    ['/pikachu%20', 400, 'BAD_REQUEST'],
    ["/'%20OR%20''='", 400, 'BAD_REQUEST'],
    ['/%3Cscript%3E', 400, 'BAD_REQUEST'],
    ['/%F0%9F%98%80', 400, 'BAD_REQUEST'],
    ['/a%2Fb', 400, 'BAD_REQUEST'],
    ['/robots.txt', 404, missing.type],
  ];
  for (const [path, status, type] of cases) {
    const { status: found, body } = await app.get(path);
    t.equal(found, status, path);
    t.match(body, { statusCode: status, error: { type, description: /^[^<>']+$/ } }, path);
  }
});

t.test('every type has pokémon, and the table rejects other types', async (t) => {
  const rows = await root('SELECT type, COUNT(*) AS number FROM pokemon GROUP BY type');
  t.strictSame(new Set(rows.map(({ type }) => type)), new Set(pokemonTypes));
  t.ok(rows.every(({ number }) => number >= 2));
  for (const type of ["'acero'", "'electrico'", "'Fuego'", "'fuego '", "''", 'NULL', '1'])
    for (const mode of ['STRICT_ALL_TABLES', ''])
      await t.rejects(
        root(`SET sql_mode = '${mode}'; INSERT INTO pokemon (name, type) VALUES ('other', ${type})`),
        { message: /pokemon_type|cannot be null/ },
        `${type} with sql_mode '${mode}'`,
      );
});

t.test('no two callers get the same count, and unknown names are not counted', async (t) => {
  const bodies = await Promise.all(
    Array.from({ length: 50 }, () => app.get('/onix').then(({ body }) => body)),
  );
  const counts = bodies.map((body) => (body as ReturnType<typeof pokemon>).data.count);
  t.strictSame(new Set(counts), new Set(Array.from({ length: 50 }, (_, at) => at + 1)));
  for (let times = 0; times < 3; times++) t.equal((await app.get('/vulpixita')).status, 404);
  await root("INSERT INTO pokemon VALUES ('vulpixita', 'fuego')");
  t.strictSame((await app.get('/vulpixita')).body, pokemon('vulpixita', 'fuego', 1));
});

t.test('reads are cached, and an invalid cached type is ignored', async (t) => {
  await app.get('/machop');
  await root("UPDATE pokemon SET type = 'hada' WHERE name = 'machop'");
  t.match((await app.get('/machop')).body, { data: { type: 'lucha' } }, 'from Redis');
  const admin = redis.admin();
  const seconds = await admin.ttl('pokemon:machop');
  t.ok(seconds > 0 && seconds <= 300, `for ${seconds} s`);
  await admin.set('pokemon:machop', '{"not":"a type"}');
  admin.disconnect();
  t.match((await app.get('/machop')).body, { data: { type: 'hada' } }, 'from MySQL');
});

t.test('without Memcached the count is null', async (t) => {
  const before = await degraded('count');
  await memcached.kill();
  const answer = await app.get('/charmander');
  t.strictSame(answer.body, pokemon('charmander', 'fuego', null));
  t.ok(answer.milliseconds < 3000);
  t.equal((await app.get('/nobody')).status, 404);
  t.equal(await degraded('count'), before + 1, 'counted in the metric');
});

t.test('without Redis and Memcached the type comes from MySQL', async (t) => {
  const before = await degraded('cache');
  await redis.kill();
  t.strictSame((await app.get('/charmander')).body, pokemon('charmander', 'fuego', null));
  t.equal(await degraded('cache'), before + 1);
  await Promise.all([redis.start(), memcached.start()]);
  t.ok(await until(async () => JSON.stringify((await app.get('/gastly')).body).includes('"count":1')));
  t.ok(await until(async () => (await app.get('/ping')).status === 200));
});

t.test('without MySQL cached pokémon are still available', async (t) => {
  await app.get('/gastly');
  await mariadb.kill();
  t.match(await app.get('/gastly'), { status: 200, body: { data: { type: 'fantasma', count: /^\d+$/ } } });
  const answer = await app.get('/duskull');
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } });
  t.strictSame(answer.body, {
    statusCode: 503,
    error: { type: 'SERVICE_UNAVAILABLE', description: 'Try again soon' },
  });
  for (const path of ['/robots.txt', '/apple-touch-icon.png', '/sitemap.xml'])
    t.equal((await app.get(path)).status, 404, `${path}: MySQL is not asked`);
});
