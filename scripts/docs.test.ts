import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../provision/cli/approaches.ts';
import { explain } from '../provision/index.ts';
import { freeKinds } from './docs/kinds.ts';
import { allCommands, pages } from './docs/pages.ts';
import { read, wordsOf } from './docs/read.ts';

t.setTimeout(180_000);

/** The reader's folder: with the hosts.yml of docs/inventory.md. */
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

t.test('every command in the pages is understood, each word of it', async (t) => {
  t.ok(commands.length > 80, `${commands.length} commands`);
  for (const { page, text } of commands) t.equal(await refusal(wordsOf(text)), undefined, `${page}: ${text}`);
});

t.test('a command with one word changed is refused', async (t) => {
  const changed = 'BOGUS';
  let refused = 0;
  for (const { page, text } of commands) {
    const words = wordsOf(text);
    const free = (await read(words)).filter(({ kind }) => freeKinds.has(kind)).map(({ word }) => word);
    for (const [at, word] of words.entries()) {
      // NAME stands for a name of the reader's choice, and is replaced before it is read
      if (free.includes(word) || word === 'NAME') continue;
      const said = await refusal(words.with(at, changed));
      t.ok(said, `${page}: ${words.with(at, changed).join(' ')}`);
      refused++;
    }
    t.ok(await refusal([...words, changed]), `${page}: ${text} ${changed}`);
  }
  t.ok(refused > 200, `${refused} words`);
});

t.test('scripts that are named in messages exist', async (t) => {
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

/** What `npm run test:vagrant` types. */
const underVagrant = readFileSync(join(ROOT, 'test/vagrant/up.test.ts'), 'utf8');

t.test('npm run test:vagrant runs every command of Vagrant that a page tells to type', async (t) => {
  const typed = commands.filter(
    ({ page, text }) => !/^docs\/adr|^CHANGELOG/.test(page) && /^(\w+=("[^"]*"|\S+) )*vagrant /.test(text),
  );
  t.ok(typed.length > 8, `${typed.length} commands`);
  for (const { page, text } of typed) t.ok(underVagrant.includes(`'${text}'`), `${page}: ${text}`);
});

t.test('links between the pages lead somewhere', async (t) => {
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
