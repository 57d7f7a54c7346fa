import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type Program, start, unpackRelease } from '../../testing/program.ts';
import { freePort, startMariadb } from '../../testing/servers/mariadb.ts';

const folder = t.testdir({ pass: 'theapp-pass\n' });
const [mariadb, program] = await Promise.all([startMariadb(), unpackRelease(folder)]);
t.teardown(() => mariadb.stop());
const { MYSQL_PORT } = mariadb.environment;
const environment = {
  MYSQL_PORT: `${MYSQL_PORT}`,
  MYSQL_PASS_FILE: `${folder}/pass`,
  PORT: '0',
  DRAIN_SECONDS: '1',
};
await start(program, ['migrate'], environment).ended;

interface Answer {
  status: number;
  body: string;
  connection: string | undefined;
}

/** Sends a GET; a connection error means a lost request. */
function ask(url: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, agent ? { agent } : {}, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      const { statusCode = 0, headers } = response;
      response.on('end', () => resolve({ status: statusCode, body, connection: headers.connection }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** Eight clients on keep-alive connections, until the readiness check of a load balancer stops them. */
async function load(url: string, answers: Answer[], lost: unknown[]) {
  let ready = true;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const client = async (path: string) => {
    while (ready)
      await ask(url + path, agent).then(
        (answer) => answers.push(answer),
        (error) => lost.push(error),
      );
  };
  const balancer = async () => {
    for (; ready; await sleep(100)) ready = (await ask(`${url}/readyz`)).status === 200;
  };
  await Promise.all([balancer(), ...['/', '/hello'].flatMap((path) => Array(4).fill(path)).map(client)]);
  agent.destroy();
}

const stopped = async (app: Program) => [await app.ended, /"msg":"stopped"/.test(app.output())];

t.test('SIGTERM under load, with slow requests in progress, loses no request', async (t) => {
  const app = start(program, [], { ...environment, MYSQL_TIMEOUT_MS: '10000', MYSQL_CONNECTIONS: '20' });
  const url = await app.url();
  const [answers, lost]: [Answer[], unknown[]] = [[], []];
  const clients = load(url, answers, lost);
  while (answers.length <= 100) await sleep(10);
  const root = await mariadb.root();
  await root.query('LOCK TABLES theapp.data WRITE');
  const slow = Array.from({ length: 5 }, () => ask(url));
  await sleep(100);
  const before = answers.length;
  t.ok(before > 100, `${before} requests before the signal`);
  app.child.kill('SIGTERM');
  await sleep(1500);
  t.ok(answers.length > before, `${answers.length - before} requests during the drain`);
  t.equal(app.child.exitCode, null, 'the drain is over, but slow requests keep the process running');
  const began = Date.now();
  await root.query('UNLOCK TABLES');
  await root.end();
  await clients;
  const last = await Promise.all(slow);
  t.strictSame(await stopped(app), [0, true]);
  t.ok(Date.now() - began < 2000, 'it exits after the last slow request');
  t.strictSame(lost, [], 'no connection was broken');
  const right = ({ status, body }: Answer) =>
    status === 200 && /^(Hello world!\n|{"hello":"world"})$/.test(body);
  t.ok([...answers, ...last].every(right), 'all requests succeeded');
  t.ok(
    last.every(({ connection }) => connection === 'close'),
    'the last responses close their connections',
  );
});

t.test('an idle keep-alive connection does not keep the process running', async (t) => {
  const app = start(program, [], { ...environment, DRAIN_SECONDS: '0' });
  const agent = new Agent({ keepAlive: true });
  await ask(await app.url(), agent);
  const began = Date.now();
  app.child.kill('SIGINT');
  t.strictSame(await stopped(app), [0, true]);
  t.ok(Date.now() - began < 1500);
  agent.destroy();
});

t.test('a second signal exits at once', async (t) => {
  const app = start(program, [], { ...environment, DRAIN_SECONDS: '600' });
  const url = await app.url();
  app.child.kill('SIGTERM');
  await sleep(150);
  t.match(await ask(`${url}/readyz`), { status: 503, body: /^{"status":"draining"/, connection: 'close' });
  t.match(await ask(`${url}/livez`), { status: 200 });
  t.match(await ask(`${url}/nowhere`), { status: 404, connection: 'close' });
  app.child.kill('SIGTERM');
  t.strictSame(await stopped(app), [143, false]);
});

t.test('it starts and stops without MySQL', async (t) => {
  const app = start(program, ['serve'], {
    ...environment,
    MYSQL_PORT: `${await freePort()}`,
    DRAIN_SECONDS: '0',
  });
  const url = await app.url();
  t.match(await ask(`${url}/readyz`), { status: 503 });
  t.match(await ask(`${url}/`), { status: 503 });
  app.child.kill('SIGTERM');
  t.strictSame(await stopped(app), [0, true]);
});

t.test('a paused MySQL does not prevent the exit', async (t) => {
  const app = start(program, ['serve'], { ...environment, DRAIN_SECONDS: '0' });
  await ask(await app.url());
  await mariadb.pause();
  app.child.kill('SIGTERM');
  t.strictSame(await stopped(app), [0, true]);
  mariadb.resume();
});

t.test('arguments, exit codes, and no secret in the output', async (t) => {
  const pass = 'secret-word';
  const port = `${new URL(await taken.url()).port}`;
  const cases: [string[], Record<string, string>, number, RegExp][] = [
    [['--version'], {}, 0, /^\d+\.\d+\.\d+-[\w.]+(-dirty\.[0-9a-f]+)?\n$/],
    [['--help'], {}, 0, /^Usage: node theapp\.mjs /],
    [['--check-config'], { MYSQL_PASS: pass }, 0, /^configuration: ok\n$/],
    [['--check-config'], { PORT: 'x' }, 78, /^MYSQL_PASS: missing.*\nPORT: expected .*\n$/],
    [[], { PORT: 'x', MYSQL_PASS: pass }, 78, /^PORT: expected .*\n$/],
    [['migrate'], { LOG_LEVEL: 'x', MYSQL_PASS: pass }, 78, /^LOG_LEVEL: expected .*\n$/],
    [['migrat'], {}, 64, /^unknown command "migrat"\n\nUsage: /],
    [['serve', 'migrate'], {}, 64, /^unknown command "serve migrate"\n/],
    [['--port', '1'], {}, 64, /^Unknown option '--port'/],
    [
      [],
      { MYSQL_PASS: pass, PORT: port, LOG_LEVEL: 'fatal' },
      1,
      /^HOST, PORT: cannot listen on 127\.0\.0\.1:\d+: another program uses this port\n$/,
    ],
    [
      ['migrate'],
      { MYSQL_PASS: pass, MYSQL_PORT: `${MYSQL_PORT}` },
      1,
      /^mysql: Access denied for user .*\n$/,
    ],
  ];
  const run = async ([words, given, code, text]: (typeof cases)[number]) => {
    const app = start(program, words, given);
    t.equal(await app.ended, code, `${words.join(' ')} ${JSON.stringify(given)}`);
    t.match(app.output(), text);
    t.notMatch(app.output(), pass);
  };
  await Promise.all(cases.map(run));
});

const taken = start(program, [], { ...environment, DRAIN_SECONDS: '0' });
t.teardown(() => taken.child.kill('SIGKILL'));

t.test('the log has one JSON object per line, request ids and no secrets', async (t) => {
  const app = start(program, [], {
    ...environment,
    MYSQL_PASS_FILE: '',
    MYSQL_PASS: 'secret-word',
    DRAIN_SECONDS: '0',
  });
  const url = await app.url();
  await ask(`${url}/?token=in-the-query`);
  await ask(`${url}/livez`);
  app.child.kill('SIGTERM');
  await app.ended;
  const lines = app
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [warning, request, ...more] = lines.filter(({ requestId }) => requestId);
  t.match(warning, { level: 40, dependency: 'mysql', code: 'ER_ACCESS_DENIED_ERROR' });
  t.match(request, {
    level: 30,
    request: { method: 'get', path: '/' },
    res: { statusCode: 503 },
    responseTime: Number,
  });
  t.equal(request.requestId, warning.requestId);
  t.strictSame(more, [], 'probes are not logged');
  t.notMatch(app.output(), /secret-word|in-the-query/);
});
