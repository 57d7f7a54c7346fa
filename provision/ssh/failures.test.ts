import t from 'tap';
import { explain } from '../errors.ts';
import { diagnose } from './failures.ts';
import type { Target } from './target.ts';

const target: Target = {
  place: 'web',
  address: 'web.example.org',
  port: 2222,
  user: 'admin',
  keyFiles: [],
  identityFiles: [],
  identitiesOnly: false,
  trust: { kind: 'exactly', keys: [] },
  jumps: [],
  keepalive: { seconds: 15, maxMissed: 3 },
};
const code = (code: string) => Object.assign(new Error(`connect ${code} 10.0.0.1:2222`), { code });

const cases: [name: string, error: unknown, cause: string, words: RegExp][] = [
  [
    'refused',
    code('ECONNREFUSED'),
    'booting',
    /^web: nothing is listening at web.example.org:2222: connection refused\n {2}→ .*2222 is the right port$/,
  ],
  [
    'no route to the host',
    code('EHOSTUNREACH'),
    'booting',
    /^web: no route to web.example.org:2222: .*\n {2}→ check/,
  ],
  [
    'no route to its network',
    code('ENETUNREACH'),
    'final',
    /^web: this computer has no route to the network .*\n {2}→ .*VPN/,
  ],
  [
    'no such name',
    code('ENOTFOUND'),
    'final',
    /^web: the name "web.example.org" does not exist .*\n {2}→ .*spelt/,
  ],
  [
    'no DNS',
    code('EAI_AGAIN'),
    'booting',
    /^web: the name "web.example.org" could not be resolved.*\n {2}→ .*online/,
  ],
  ['timed out', code('ETIMEDOUT'), 'booting', /does not answer as an SSH server: timed out/],
  [
    'node-ssh, when the server closes the connection',
    Object.assign(new Error('No response from server'), { code: 'ETIMEDOUT' }),
    'crowded',
    /closed the connection before it was established/,
  ],
  [
    'reset',
    code('ECONNRESET'),
    'crowded',
    /^web: .* closed the connection before it was established\n {2}→ .*MaxStartups/,
  ],
  [
    'no banner',
    new Error('Timed out while waiting for handshake'),
    'booting',
    /does not answer as an SSH server: timed out/,
  ],
  [
    'lost early',
    new Error('Connection lost before handshake'),
    'crowded',
    /closed the connection before it was established/,
  ],
  [
    'key exchange',
    new Error('Handshake failed: no matching key exchange algorithm'),
    'final',
    /no algorithm in common\n {2}→ .*post-quantum/,
  ],
  ['ciphers', new Error('Handshake failed: no matching C->S cipher'), 'final', /no algorithm in common/],
  [
    'both addresses of a name',
    new AggregateError([code('ECONNREFUSED'), code('ENETUNREACH')]),
    'booting',
    /connection refused/,
  ],
  ['something else', new Error('strange'), 'final', /^web: no connection to web.example.org:2222: strange$/],
  ['no error at all', 'words', 'final', /: words$/],
];
for (const [name, error, cause, words] of cases) {
  t.test(name, async (t) => {
    const found = diagnose(target, error);
    t.match(found, { cause, error: { kind: 'unreachable' } });
    t.match(explain(found.error), words);
    t.match(explain(diagnose({ ...target, note: 'ssh is missing' }, error).error), /ssh is missing/);
  });
}

t.test('an IPv6 address', async (t) => {
  t.match(diagnose({ ...target, address: 'fd00::1' }, code('ECONNREFUSED')).error.message, '[fd00::1]:2222');
});
