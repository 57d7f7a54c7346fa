import t from 'tap';
import { explain, failure, type Host, unreachable } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';
import { issue } from './certificate.ts';

const hosts = ['cp1', 'cp2', 'cp3'].map(
  (name): Host => ({ name, address: '', groups: ['control-plane'], forwarded: {}, vars: {} }),
);
const request = { user: 'jo', access: 'view', hours: 1 } as const;

/** Control planes of which the first ones fail. */
const failing = (...errors: readonly Error[]): Sessions => ({
  read: () => Promise.reject(new Error('nothing is read')),
  run: async (host) => {
    const error = errors[hosts.indexOf(host)];
    if (error) throw error;
    return `issued by ${host.name}`;
  },
  close: async () => undefined,
});

t.test('the first control plane that can issues the certificate; otherwise each says why not', async (t) => {
  const off = unreachable({ place: 'cp1', what: 'did not answer within 30 s' });
  const sick = failure({ place: 'cp2', what: 'the command failed', said: 'etcd has no leader' });
  const stopped = failure({ place: 'cp3', what: 'the command failed', said: 'connection refused' });
  t.equal(await issue(hosts, request, failing(off, sick)), 'issued by cp3');
  t.equal(
    await issue(hosts, request, failing(off, sick, stopped)).catch(explain),
    'cp1: did not answer within 30 s\ncp2: the command failed\n    etcd has no leader\ncp3: the command failed\n    connection refused',
  );
  t.equal(await issue(hosts.slice(0, 1), request, failing(off)).catch(explain), explain(off));
  t.match(await issue([], request, failing()).catch(explain), /^no host is in the group "control-plane"/);
});
