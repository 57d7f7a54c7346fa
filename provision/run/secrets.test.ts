import { readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { reveal } from '../shell/secret.ts';
import { outcome } from '../testing/outcome.ts';
import { secretStore } from './secrets.ts';

t.test('secrets are generated once, and only their owner can read them', async (t) => {
  const file = `${t.testdir()}/s/one.json`;
  const first = reveal(secretStore(file)('mysql'));
  t.match(first, /^[\w-]{32}$/);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(reveal(secretStore(file)('mysql')), first);
  t.not(reveal(secretStore(file)('redis')), first);
  t.equal(Object.keys(JSON.parse(readFileSync(file, 'utf8'))).join(), 'mysql,redis');
  writeFileSync(file, 'x');
  t.match(
    outcome(() => secretStore(file)('mysql')),
    /is not valid JSON/,
  );
});
