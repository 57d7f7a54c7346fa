import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { chaptersOf } from './demo/chapters.ts';
import { readRecording } from './demo/recording.ts';
import { demos, loadScenes } from './demo/scenes.ts';
import { newScreen } from './demo/screen.ts';
import { traces } from './demo/traces.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (...names: string[]) => readFileSync(join(ROOT, ...names), 'utf8');

t.setTimeout(120_000);

/** The lines on a terminal after scriptreplay has played a recording at full speed. */
async function replayed(approach: string) {
  const at = (name: string) => join(ROOT, 'demo', approach, name);
  const words = ['--timing', at('timing'), '--divisor', '1000000', at('typescript')];
  const { stdout } = await execa('scriptreplay', words, { stripFinalNewline: false });
  const screen = newScreen();
  await screen.feed(stdout);
  return { sent: stdout, lines: screen.lines().map((line) => line.trimEnd()) };
}

/** The names of the roles that an approach applies, from --list. */
async function rolesOf(approach: string): Promise<string[]> {
  const words = [join(ROOT, 'provision/cli.mjs'), approach, '--list', '--json', '--provider', 'qemu'];
  const { stdout } = await execa(process.execPath, words, { cwd: ROOT });
  return (JSON.parse(stdout) as { roles: { role: string }[] }).roles.map(({ role }) => role);
}

/** All quoted words in the code of resources. They include the kinds, such as `stack.configs` as `stack.${kind}s`. */
const kinds = globSync('{provision/resources,roles,approaches}/**/*.ts', { cwd: ROOT })
  .filter((file) => !/\.(test|kubernetes)\.ts$/.test(file))
  .flatMap((file) => [...read(file).matchAll(/['`]([a-z][\w.]*(?:\.\$\{\w+\}s)?)['`]/g)])
  .map(([, word = '']) => new RegExp(`^${word.replaceAll('.', '\\.').replace(/\$\{\w+\}/, '\\w+')}$`));

const recap =
  /^([\w-]+) +: ok=\d+ changed=(\d+) failed=0 unreachable=0 handlers=\d+ {3}\d+ round trips?, [\d.]+ s$/;

t.strictSame(
  demos(),
  globSync('*/machines.yml', { cwd: join(ROOT, 'approaches') })
    .map(dirname)
    .sort(),
  'each approach has a demo',
);

for (const approach of demos()) {
  t.test(approach, async (t) => {
    const folder = join(ROOT, 'demo', approach);
    const { about, moments } = readRecording(folder);
    const { sent, lines } = await replayed(approach);
    const text = lines.join('\n');
    t.equal(
      sent.trimEnd(),
      moments
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
      'every byte is played',
    );
    t.match(about, {
      COMMIT: /^[0-9a-f]{7}$/,
      THEAPP: /^\d+\.\d+\.\d+-[0-9a-f]{7}$/,
      NODE: /^v\d+/,
      COLUMNS: '100',
      LINES: '30',
    });
    const { scenes } = loadScenes(join(folder, 'scenes.yml'));
    t.strictSame(
      chaptersOf(moments).map((chapter) => chapter.text),
      scenes.map(({ title }, at) => `${at + 1}. ${title}`),
      'its chapters match the scenes',
    );

    const recaps = lines.flatMap((line) => recap.exec(line)?.slice(1) ?? []);
    t.match(text, /^TheAPP answers at http/m);
    t.match(text, /^Hello world!$/m, 'curl gets an answer');
    t.match(
      text,
      /^\{"count":1\}|^Hello world!\nHello world!\nHello world!$/m,
      'on every node, or by every service',
    );
    const second = text.split(/^# \d+\. A second run changes nothing$/m)[1]?.split(/^# \d+\. /m)[0] ?? '';
    const changed = second.split('\n').flatMap((line) => recap.exec(line)?.[2] ?? []);
    const machines = new Set(recaps.filter((_, at) => at % 2 === 0));
    t.strictSame(
      changed,
      [...machines].map(() => '0'),
      `changed=0 on ${[...machines].join(', ')}`,
    );

    for (const name of ['typescript', 'timing', 'demo.svg']) {
      t.strictSame(
        traces(read('demo', approach, name).replaceAll('http://www.w3.org/2000/svg', '')),
        [],
        `${name} reveals no computer and no secret`,
      );
      t.ok(
        statSync(join(folder, name)).size < (name === 'demo.svg' ? 200_000 : 1_000_000),
        `${name} is small`,
      );
    }
    t.ok(
      moments.every(({ delay }) => delay <= 2),
      'no wait is longer than 2 s',
    );

    const roles = await rolesOf(approach);
    const shown = lines.flatMap((line) => /^ {2}[~✓↻] (\S+) {2}(\S+): (\S+)/.exec(line)?.slice(2) ?? []);
    t.ok(shown.length > 10, 'resources are shown');
    for (const [at, word] of shown.entries())
      if (at % 2 === 0) t.ok(roles.includes(word), `the role ${word} exists`);
    const resources = lines.flatMap((line) => /^ {2}~ \S+ {2}\S+: (\S+) /.exec(line)?.[1] ?? []);
    t.ok(resources.length > 5, 'changes are seen');
    for (const kind of new Set(resources))
      t.ok(
        kinds.some((one) => one.test(kind)),
        `the resource ${kind} exists`,
      );
  });
}
