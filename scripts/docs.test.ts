import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';

const ROOT = resolve(import.meta.dirname, '..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'app/README.md',
  'demo/README.md',
  ...globSync('docs/*.md', { cwd: ROOT }),
  ...globSync('approaches/*/README.md', { cwd: ROOT }),
];
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Every command that a page tells a reader to type: in blocks of shell, and between backticks. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.matchAll(/`((?:npm|(?:\w+=(?:"[^"]*"|\S+) )*vagrant) [^`]+)`/g)].map(
    ([, command = '']) => command,
  );
  const indented = [...text.matchAll(/^ {4}(npm .*?)(?: {2,}#.*)?$/gm)].map(([, command = '']) => command);
  return [...blocks, ...inline, ...indented].map((command) => command.trim()).filter(Boolean);
}

/** Lines of `vagrant` are typed there. */
const underVagrant = readFileSync(join(ROOT, 'test/vagrant/up.test.ts'), 'utf8');

/** Scripts that say what they do, and that their words are understood, with --help. */
const explained = new Set(
  'app app:deps dev dev:logs dev:stop dev:rm dev:tests image load status scale chaos demo'.split(' '),
);

const node = (args: readonly string[], cwd: string) =>
  execa(process.execPath, args, { cwd, reject: false, stdin: 'ignore', env: { NO_COLOR: '1' } });

t.setTimeout(180_000);

t.test('every command in the pages is one that works', async (t) => {
  const folder = t.testdir();
  const inventories = readFileSync(join(ROOT, 'docs/inventory.md'), 'utf8');
  const [, inventory = ''] = /```yaml\n([\s\S]*?)```/.exec(inventories) ?? [];
  writeFileSync(`${folder}/hosts.yml`, inventory);
  const seen = new Set<string>();
  for (const page of pages) {
    for (const command of commandsOf(readFileSync(join(ROOT, page), 'utf8'))) {
      if (seen.has(command)) continue;
      seen.add(command);
      if (/^(\w+=("[^"]*"|\S+) )*vagrant /.test(command)) {
        t.ok(underVagrant.includes(`'${command}'`), `${page}: ${command}: npm run test:vagrant runs it`);
        continue;
      }
      const [npm, run, name = '', dashes, ...args] = command.split(/\s+/);
      if (command === 'npm ci' || command === 'npm test') continue;
      t.strictSame([npm, run], ['npm', 'run'], `${page}: ${command}`);
      t.ok(scripts[name], `${page}: ${command}: there is such a script`);
      if (dashes !== undefined) t.equal(dashes, '--', `${page}: ${command}`);
      if (name === 'provision') await listed(t, folder, page, args);
      if (explained.has(name)) await helped(t, folder, name, args);
      if (name === 'lab')
        t.equal(
          (await node([`${ROOT}/scripts/lab/lab.ts`, ...args.slice(0, 1), '--help'], folder)).exitCode,
          0,
          command,
        );
    }
  }
  t.ok(seen.size > 15, `${seen.size} commands`);
});

/** The same words with --list: everything in them is checked, and nothing is contacted. */
async function listed(t: Test, folder: string, page: string, args: readonly string[]): Promise<void> {
  const from = args.includes('--inventory') || args.includes('--help') ? [] : ['--provider', 'qemu'];
  const all = [`${ROOT}/provision/cli.mjs`, ...args, '--list', ...from];
  const { exitCode, stderr } = await node(all, folder);
  t.equal(exitCode, 0, `${page}: provision ${args.join(' ')} ${stderr}`);
}

/** The same words with --help: they are understood, and nothing is started. */
async function helped(t: Test, folder: string, name: string, args: readonly string[]): Promise<void> {
  const [, file = '', ...words] = (scripts[name] ?? '').split(' ');
  const { exitCode, stderr } = await node([join(ROOT, file), ...words, ...args, '--help'], folder);
  t.equal(exitCode, 0, `${name} ${args.join(' ')} ${stderr}`);
}

t.test('links between the pages lead somewhere', async (t) => {
  for (const page of [...pages, ...globSync('docs/**/*.md', { cwd: ROOT })]) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.doesNotThrow(() => globSync(join(ROOT, page, '..', link)).at(0) ?? fail(link), `${page}: ${link}`);
    }
  }
});

function fail(link: string): never {
  throw new Error(`${link} leads nowhere`);
}
