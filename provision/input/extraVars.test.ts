import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { z } from 'zod';
import { role } from '../language/role.ts';
import { outcome } from '../testing/outcome.ts';
import { checkExtras, extraLayer, parseExtra } from './extraVars.ts';

t.test('variables are layered, and every error has its place', async (t) => {
  const folder = `${t.testdir()}/web`;
  mkdirSync(folder);
  writeFileSync(`${folder}/defaults.yml`, '# the port\nport: 80\ntls: null\n');
  const vars = z.strictObject({ port: z.int(), tls: z.string().nullable() });
  const web = role({ folder, vars, tasks: () => [] });
  const extras = (...texts: string[]) => texts.map(parseExtra);
  const vars1 = (call: ReturnType<typeof web>, ...texts: string[]) => {
    checkExtras(extras(...texts), [call]);
    return call.resolve([extraLayer(extras(...texts), call)]).vars;
  };
  t.strictSame(vars1(web()), { port: 80, tls: null });
  t.strictSame(vars1(web({ port: 81 })), { port: 81, tls: null });
  t.strictSame(vars1(web({ port: 81 }), 'web.port=82', 'tls=files'), { port: 82, tls: 'files' });
  t.match(
    outcome(() => vars1(web(), 'web.prot=1')),
    /-e web\.prot: web has no variable "prot"; did you mean "port"\?/,
  );
  t.match(
    outcome(() => vars1(web(), 'prot=1')),
    /no role has a variable "prot"; did you mean "port"\?/,
  );
  t.match(
    outcome(() => vars1(web(), 'wbe.port=1')),
    /there is no role "wbe"; did you mean "web"\?/,
  );
  t.match(
    outcome(() => vars1(web(), 'web.port=no')),
    /-e web\.port: expected a number, found "no"/,
  );
  t.match(
    outcome(() => vars1(web(), 'port')),
    /expected role\.variable=value/,
  );
  writeFileSync(`${folder}/defaults.yml`, 'port: 80\ntsl: null\n');
  t.match(
    outcome(() => role({ folder, vars, tasks: () => [] })().resolve([])),
    /defaults\.yml:2:1: web has no variable "tsl"; did you mean "tls"\?/,
  );
});
