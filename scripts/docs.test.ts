import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../provision/cli/approaches.ts';
import { explain, loadMachines } from '../provision/index.ts';
import { freeKinds } from './docs/kinds.ts';
import { allCommands, pages } from './docs/pages.ts';
import { read, wordsOf } from './docs/read.ts';

t.setTimeout(180_000);

/** The working folder of a reader, with the hosts.yml from docs/inventory.md. */
const folder = mkdtempSync(join(tmpdir(), 'theapp-docs-'));
const before = process.cwd();
t.teardown(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});
const [, inventory = ''] =
  /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/inventory.md'), 'utf8')) ?? [];
writeFileSync(join(folder, 'hosts.yml'), inventory);
process.chdir(folder);

const commands = allCommands();
const refusal = (words: readonly string[]) => read(words).then(() => undefined, explain);

t.test('every word of every command in the pages is valid', async (t) => {
  t.ok(commands.length > 80, `${commands.length} commands`);
  for (const { page, text } of commands) t.equal(await refusal(wordsOf(text)), undefined, `${page}: ${text}`);
});

t.test('a command with one changed word is rejected', async (t) => {
  const changed = 'BOGUS';
  let refused = 0;
  for (const { page, text } of commands) {
    const words = wordsOf(text);
    const free = (await read(words)).filter(({ kind }) => freeKinds.has(kind)).map(({ word }) => word);
    for (const [at, word] of words.entries()) {
      // NAME is a placeholder, which is replaced before it is parsed
      if (free.includes(word) || word === 'NAME') continue;
      const error = await refusal(words.with(at, changed));
      t.ok(error, `${page}: ${words.with(at, changed).join(' ')}`);
      refused++;
    }
    t.ok(await refusal([...words, changed]), `${page}: ${text} ${changed}`);
  }
  t.ok(refused > 200, `${refused} words`);
});

t.test('the npm scripts named in messages exist', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const files = globSync(
    '{provision,roles,approaches,app,scripts,testing,test,vagrant}/**/*.{ts,rb,yml,hbs,sh}',
    {
      cwd: ROOT,
      exclude: (name) => name.endsWith('node_modules') || name.endsWith('.test.ts'),
    },
  );
  const named = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/npm run ([a-z][\w:]*\w)/g)].map(([, name]) => name),
  );
  const names = new Set(named);
  t.ok(names.size > 10, `${names.size} scripts`);
  for (const name of names) t.type(scripts[`${name}`], 'string', `npm run ${name}`);
});

/** The source of `npm run test:vagrant`, which contains the commands that it runs. */
const underVagrant = readFileSync(join(ROOT, 'test/vagrant/up.test.ts'), 'utf8');

t.test('npm run test:vagrant runs every Vagrant command in the pages', async (t) => {
  const typed = commands.filter(
    ({ page, text }) => !/^docs\/adr|^CHANGELOG/.test(page) && /^(\w+=("[^"]*"|\S+) )*vagrant /.test(text),
  );
  t.ok(typed.length > 8, `${typed.length} commands`);
  for (const { page, text } of typed) t.ok(underVagrant.includes(`'${text}'`), `${page}: ${text}`);
});

t.test('links between the pages lead to existing files', async (t) => {
  let links = 0;
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.ok(existsSync(join(ROOT, page, '..', link)), `${page}: ${link}`);
      links++;
    }
  }
  t.ok(links > 30, `${links} links`);
});

t.test('approach_4 grows to the machines in its page', async (t) => {
  const page = readFileSync(join(ROOT, 'approaches/approach_4/README.md'), 'utf8');
  const [, text = ''] = /```yaml\n(# machines\.yml\n[\s\S]*?)```/.exec(page) ?? [];
  writeFileSync(join(folder, 'machines.yml'), text);
  const machines = loadMachines(folder);
  for (const [name, { groups, address, memory }] of Object.entries(
    loadMachines(join(ROOT, 'approaches/approach_4')),
  ))
    t.match(machines[name], { groups, address, memory }, `${name} stays as it is`);
  const all = Object.values(machines);
  t.equal(all.filter(({ groups }) => groups.includes('control-plane')).length, 3);
  t.equal(new Set(all.map(({ address }) => address)).size, 5);
  t.equal(new Set(all.flatMap(({ forward }) => Object.keys(forward))).size, 11);
});
