import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Facts, Host } from '../../provision/index.ts';
import { becomeRoot, debian } from '../../provision/testing.ts';
import { freePort } from '../../testing/servers/process.ts';
import { preflight } from './index.ts';

const skip = becomeRoot({ network: true });

const PROGRAM = join(import.meta.dirname, 'preflight.pl');

/** Runs the program; returns its exit code and what it reported as missing. */
async function node(round: string, seconds: number, self: string, ...words: string[]) {
  const { exitCode, stderr } = await execa('perl', [PROGRAM, round, `${seconds}`, self, ...words], {
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, missed: stderr.split('\n').filter(Boolean) };
}

t.test('two nodes that reach each other over TCP and UDP, also with large packets', { skip }, async (t) => {
  const port = await freePort();
  const words = (peer: string) => [
    `listen=${port}`,
    `peer=x/${peer}=localhost`,
    `tcp=${port}@x/${peer}`,
    `udp=${port}@x/${peer}`,
    `udp=${port}@x/${peer}+1400`,
  ];
  const both = await Promise.all([node('r', 30, 'a', ...words('b')), node('r', 30, 'b', ...words('a'))]);
  t.strictSame(both, [
    { exitCode: 0, missed: [] },
    { exitCode: 0, missed: [] },
  ]);
});

t.test('the report names the source, the destination and the port', { skip }, async (t) => {
  const port = await freePort();
  const words = [`peer=b=127.0.0.1`, `tcp=${port}@b`, `udp=4789@b`];
  t.strictSame(await node('r', 4, 'a', ...words), {
    exitCode: 3,
    missed: [
      `a -> b (127.0.0.1): ${port}/tcp: Connection refused`,
      'b -> a: 4789/udp: nothing arrived',
      'nothing arrived from b: is it reachable at 127.0.0.1?',
    ],
  });
});

t.test('packets of another round do not count', { skip }, async (t) => {
  const port = await freePort();
  const words = (peer: string) => [`peer=${peer}=127.0.0.1`, `udp=${port}@${peer}`];
  const both = await Promise.all([node('r1', 2, 'a', ...words('b')), node('r2', 2, 'b', ...words('a'))]);
  t.strictSame(
    both.map(({ exitCode }) => exitCode),
    [3, 3],
  );
});

const facts: Facts = { ...debian, hostname: 'a', addresses: ['10.0.0.1'] };
const host: Host = { name: 'a', address: '127.0.0.1', groups: [], forwarded: {}, vars: {} };
const peers = [
  { name: 'a', address: '10.0.0.1', manager: true },
  { name: 'b', address: '10.0.0.2', manager: false },
];
type Given = Parameters<typeof preflight>[0];

t.test('a test runs once for each round', async (t) => {
  const planned = (given: Given, marker: string) => {
    const [resource] = preflight({ peers, ...given })
      .resolve([])
      .resources(facts, host);
    if (!resource || !('script' in resource.probe)) throw new Error('no probe');
    return resource.plan(resource.probe.read({ code: 0, stdout: marker, stderr: '' }));
  };
  t.strictSame(planned({ round: null }, ''), [], 'no round');
  t.strictSame(planned({ round: 'r' }, 'r\na 10.0.0.1\nb 10.0.0.2\n'), []);
  const [ports] = planned({ round: 'r' }, 'before\na 10.0.0.1\n');
  t.equal(ports?.summary, 'test TCP and UDP between a, b');
  t.match(
    ports?.script.text.replaceAll("'", ''),
    ' r 40 a listen=7946 listen=2377 peer=b=10.0.0.2 tcp=7946@b udp=7946@b udp=4789@b ',
    'a manager listens on 2377, a worker does not',
  );
  const [overlay] = planned({ round: 'r', over: 'overlay' }, '');
  t.match(
    overlay?.script.text.replaceAll("'", ''),
    ' peer=encrypted/b=encrypted-b tcp=7000@encrypted/b udp=7000@encrypted/b udp=7000@encrypted/b+1400',
  );
  t.match(overlay?.script.text, 'docker network connect --alias encrypted-a theapp-preflight-encrypted');
  t.match(overlay?.script.text, '-e theapp.encrypted=false', 'its advice names the way out');
  const [plain] = planned({ round: 'r', over: 'overlay', encrypted: false }, '');
  t.match(plain?.script.text, 'peer=plain/b=plain-b');
  t.notMatch(plain?.script.text, /network connect|encrypted\/b|theapp\.encrypted/);
});

t.test('the networks to try: an encrypted one only where it is wanted', async (t) => {
  const made = (given: Given) => {
    const [resource] = preflight({ networks: true, ...given })
      .resolve([])
      .resources(facts, host);
    if (!resource || !('script' in resource.probe)) throw new Error('there is no probe');
    const unmade = resource.probe.read({ code: 1, stdout: '', stderr: '' });
    return `${resource.probe.script.text}\n${resource.plan(unmade)[0]?.script.text}`;
  };
  const [both, plain] = [made({}), made({ encrypted: false })];
  t.match(both, '--driver overlay --attachable --opt encrypted theapp-preflight-encrypted');
  t.match(both, 'docker network inspect theapp-preflight theapp-preflight-encrypted');
  t.match(plain, /--driver overlay --attachable +theapp-preflight /);
  t.notMatch(plain, 'theapp-preflight-encrypted');
});
