import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ROOT } from '../provision/cli/approaches.ts';

t.setTimeout(120_000);

/** An approach with two environments, an editor, and a place for private folders that the test can look into. */
function scene(t: Test, name: string, fixedSecrets = {}) {
  const folder = t.testdir({ [name]: {}, memory: {} });
  const approach = join(folder, name);
  writeFileSync(
    join(approach, 'index.ts'),
    `export default { groups: [], environments: ['staging', 'production'], fixedSecrets: ${JSON.stringify(fixedSecrets)} };\n`,
  );
  const keys = ['staging', 'production'].map((one) => join(ROOT, '.secrets', `${name}-${one}.key`));
  t.teardown(() => {
    for (const key of keys) rmSync(key, { force: true });
  });
  const memory = join(folder, 'memory');
  const editor = (script: string) => {
    const file = join(folder, 'editor');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const start = (words: readonly string[], script = 'exit 9') => {
    const env = { ...process.env, XDG_RUNTIME_DIR: memory, VISUAL: '', EDITOR: `${editor(script)} --wait` };
    return spawn('node', [join(ROOT, 'scripts/secrets.ts'), ...words], { env, cwd: ROOT, stdio: 'pipe' });
  };
  const run = (words: readonly string[], script?: string) => ended(start(words, script));
  const file = join(approach, 'secrets/staging.age');
  return { approach, memory, file, start, run };
}

async function ended(child: ChildProcess) {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (part) => (stdout += part));
  child.stderr?.on('data', (part) => (stderr += part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** The editor's first argument is `--wait`, the second is the file. */
const saves = (text: string) => `printf '${text}' >"$2"`;

t.test('edited, shown and rotated', async (t) => {
  const { approach, memory, file, run } = scene(t, 'edited');
  const words = (command: string, ...more: string[]) => [command, approach, 'staging', ...more];
  const first = await run(
    words('edit'),
    `stat -c '%a' "$2" "$(dirname "$2")" >&2; ${saves('mysql: one\\nredis: two\\n')}`,
  );
  t.match(first, { code: 0, stderr: /^600\n700\nthe secrets of staging are saved/ });
  t.strictSame(readdirSync(memory), [], 'no plain text is left');
  t.notMatch(readFileSync(file, 'utf8'), 'two');
  t.match(await run(words('show-names')), { code: 0, stdout: 'mysql\nredis\n', stderr: '' });
  t.match(await run(words('edit'), 'cat "$2"'), {
    code: 0,
    stdout: /^mysql: one\nredis: two\n$/,
    stderr: 'nothing was changed\n',
  });

  t.match(await run(words('rotate')), {
    code: 3,
    stderr: /no secret was named\n {2}→ name some, or use --all/,
  });
  t.match(await run(words('rotate', 'mongo')), {
    code: 3,
    stderr: /no secret "mongo" \(it has: mysql, redis\)/,
  });
  t.match(await run(words('rotate', 'mysql')), {
    code: 0,
    stderr: /^new values for mysql; npm run provision/,
  });
  t.match(await run(words('edit'), 'cat "$2"'), { stdout: /^mysql: [\w-]{32}\nredis: two\n$/ });
  t.match(await run(words('rotate', '--all')), { code: 0, stderr: /^new values for mysql, redis;/ });
  t.match(await run(['show-names', approach, 'production']), { code: 0, stdout: '' });
});

t.test('secrets that the running system would not take over are not rotated', async (t) => {
  const { approach, run } = scene(t, 'fixed', { root: 'the database keeps it' });
  const words = (command: string, ...more: string[]) => [command, approach, 'staging', ...more];
  await run(words('edit'), saves('root: one\\nredis: two\\n'));
  t.match(await run(words('rotate', 'redis', 'root')), {
    code: 3,
    stderr: 'root: this secret is not rotated\n  → the database keeps it\n',
  });
  t.match(await run(words('edit'), 'cat "$2"'), { stdout: 'root: one\nredis: two\n' }, 'nothing was changed');
  t.match(await run(words('rotate', '--all')), {
    code: 0,
    stderr: /^root is kept: the database keeps it\nnew values for redis; /,
  });
  t.match(await run(words('edit'), 'cat "$2"'), { stdout: /^root: one\nredis: [\w-]{32}\n$/ });
});

t.test('an invalid text, an editor that fails, and nothing is changed', async (t) => {
  const { approach, memory, file, run } = scene(t, 'invalid');
  const words = ['edit', approach, 'staging'];
  await run(words, saves('mysql: one\\n'));
  const before = readFileSync(file, 'utf8');
  t.match(await run(words, saves('mysql: 5\\n')), {
    code: 3,
    stderr: /^staging\.yml:1:1: mysql: expected text that is not empty, with quotes around a number\n/,
  });
  t.match(await run(words, 'exit 4'), {
    code: 1,
    stderr: /editor --wait" failed, and nothing was changed: exit code 4/,
  });
  t.equal(readFileSync(file, 'utf8'), before);
  t.strictSame(readdirSync(memory), []);
});

t.test('a signal and a killed process leave no plain text', async (t) => {
  const { approach, memory, file, start, run } = scene(t, 'killed');
  const words = ['edit', approach, 'staging'];
  await run(words, saves('mysql: one\\n'));
  const before = readFileSync(file, 'utf8');
  for (const [signal, code, left] of [
    ['SIGTERM', 130, 0],
    ['SIGHUP', 130, 0],
    ['SIGKILL', null, 1],
  ] as const) {
    const child = start(words, `${saves('mysql: changed\\n')}; touch ${memory}/opened; exec sleep 5`);
    const end = ended(child);
    while (!existsSync(join(memory, 'opened'))) await sleep(20);
    child.kill(signal);
    t.match(await end, { code }, signal);
    rmSync(join(memory, 'opened'));
    t.equal(readdirSync(memory).length, left, signal);
  }
  mkdirSync(join(memory, `theapp-secrets.${process.pid}.running`));
  await run(words, 'exit 0');
  t.strictSame(
    readdirSync(memory),
    [`theapp-secrets.${process.pid}.running`],
    'the next command removes what was left',
  );
  t.equal(readFileSync(file, 'utf8'), before);
});

t.test('words that name nothing', async (t) => {
  const { approach, run } = scene(t, 'words');
  const table: [words: string[], said: RegExp][] = [
    [
      ['edit', approach, 'stagin'],
      /environment: expected one of staging, production, found "stagin"; did you mean "staging"\?/,
    ],
    [['edit', 'approach_2', 'staging'], /approach_2 has no environments/],
    [['edit', 'approach_9', 'staging'], /there is no approach "approach_9"/],
    [['edit', approach], /environment/],
    [['print', approach, 'staging'], /no command "print"/],
  ];
  for (const [words, said] of table) t.match(await run(words), { code: 3, stderr: said }, words.join(' '));
});
