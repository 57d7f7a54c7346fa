import t from 'tap';
import type { Host } from '../host.ts';
import { outcome } from '../testing/outcome.ts';
import { limit } from './limit.ts';

const host = (name: string, ...groups: string[]): Host => ({
  name,
  groups,
  address: name,
  forwarded: {},
  vars: {},
});

t.test('--limit takes Ansible’s pattern syntax', async (t) => {
  const hosts = [host('web1', 'web'), host('web2', 'web', 'eu'), host('db1', 'db', 'eu')];
  const table: [string, string][] = [
    ['all', 'web1 web2 db1'],
    ['web', 'web1 web2'],
    ['web*', 'web1 web2'],
    ['db1,web2', 'web2 db1'],
    ['web,!web1', 'web2'],
    ['!web', 'db1'],
    ['eu,&web', 'web2'],
  ];
  for (const [pattern, wanted] of table) {
    t.equal(
      limit(pattern, hosts)
        .map(({ name }) => name)
        .join(' '),
      wanted,
      pattern,
    );
  }
  t.match(
    outcome(() => limit('wbe1', hosts)),
    /--limit wbe1: there is no host or group "wbe1"; did you mean "web1"\?/,
  );
  t.match(
    outcome(() => limit('web,!web', hosts)),
    /selects no host/,
  );
});
