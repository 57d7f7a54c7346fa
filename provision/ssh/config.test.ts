import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import t from 'tap';
import type { Host } from '../host.ts';
import { home, resolve, settingsOf } from './config.ts';

const host: Host = { name: 'web', address: 'web', groups: [], forwarded: {}, vars: {} };
const complete: Host = {
  ...host,
  address: '10.0.0.1',
  port: 2222,
  user: 'admin',
  keyFiles: ['~/key'],
  hostKeys: ['ssh-ed25519 AAAA'],
};

/** A host resolved with these lines of ssh_config. */
async function resolved(t: { testdir(): string }, lines: string, more: Partial<Host> = {}) {
  const config = `${t.testdir()}/ssh_config`;
  writeFileSync(config, lines);
  return resolve({ ...host, ...more }, config);
}

t.test('the output of ssh -G', async (t) => {
  const settings = settingsOf('user admin\nidentityfile a b\nidentityfile c\nproxyjump none\nnothing\n');
  t.strictSame(
    [...settings],
    [
      ['user', ['admin']],
      ['identityfile', ['a b', 'c']],
      ['proxyjump', ['none']],
    ],
  );
});

t.test('ssh_config supplies what the host entry leaves out', async (t) => {
  const lines = `Host web
    HostName 10.0.0.9
    Port 2022
    User deploy
    IdentityFile ~/one
    IdentityFile /two
    IdentitiesOnly yes
    IdentityAgent ~/agent
    UserKnownHostsFile ~/known /other
    GlobalKnownHostsFile none
    ProxyJump a,b@c:3
    ServerAliveInterval 7
    ServerAliveCountMax 2
`;
  t.match(await resolved(t, lines), {
    place: 'web',
    address: '10.0.0.9',
    port: 2022,
    user: 'deploy',
    keyFiles: [],
    identityFiles: [home('~/one'), '/two'],
    identitiesOnly: true,
    agent: home('~/agent'),
    trust: { kind: 'files', files: [home('~/known'), '/other'], name: '[10.0.0.9]:2022', acceptNew: false },
    jumps: ['a', 'b@c:3'],
    keepalive: { seconds: 7, maxMissed: 2 },
  });
  const own = await resolved(t, lines, { port: 1, user: 'me', keyFiles: ['/mine'], hostKeys: ['x'] });
  t.match(own, { port: 1, user: 'me', keyFiles: ['/mine'], trust: { kind: 'exactly', keys: ['x'] } });
});

t.test('the agent', async (t) => {
  const before = process.env.SSH_AUTH_SOCK;
  t.teardown(() => {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = before;
    delete process.env.MY_AGENT;
  });
  process.env.SSH_AUTH_SOCK = '/the/usual';
  process.env.MY_AGENT = '/mine';
  for (const [line, agent] of [
    ['', '/the/usual'],
    ['IdentityAgent SSH_AUTH_SOCK', '/the/usual'],
    ['IdentityAgent $MY_AGENT', '/mine'],
    ['IdentityAgent none', undefined],
  ] as const) {
    t.equal((await resolved(t, `${line}\n`)).agent, agent, line);
  }
});

t.test('without the ssh program', async (t) => {
  const before = process.env.PATH;
  process.env.PATH = '/nowhere';
  t.teardown(() => {
    process.env.PATH = before;
  });
  const whole = await resolve(complete);
  t.match(whole, { address: '10.0.0.1', port: 2222, user: 'admin', keyFiles: [home('~/key')] });
  t.equal(whole.note, undefined, 'it is not needed for a complete host entry');
  t.match(await resolve(host), {
    address: 'web',
    port: 22,
    user: userInfo().username,
    trust: { files: [home('~/.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'], name: 'web', acceptNew: false },
    note: /ssh program is missing.*apt-get install openssh-client/,
  });
});
