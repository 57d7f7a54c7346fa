import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { localShell } from './local.ts';
import { secret } from './secret.ts';
import { sh } from './sh.ts';
import { openShell } from './shell.ts';

const probe = (...probes: ReturnType<typeof sh>[]) => ({ steps: [], probes });
const step = (...scripts: ReturnType<typeof sh>[]) => scripts.map((script) => ({ script, timeout: 20 }));

t.test('results are kept apart, byte for byte', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const { probes } = await shell.exchange(
    probe(sh`printf 'a\nb'; echo err >&2`, sh`exit 7`, sh`printf %s ${'ünï\n"$x"'}`, sh`cat`, sh`:`),
  );
  t.strictSame(probes, [
    { code: 0, stdout: 'a\nb', stderr: 'err\n' },
    { code: 7, stdout: '', stderr: '' },
    { code: 0, stdout: 'ünï\n"$x"', stderr: '' },
    { code: 0, stdout: '', stderr: '' },
    { code: 0, stdout: '', stderr: '' },
  ]);
  t.equal(shell.roundTrips, 1);
});

t.test('a step that fails ends the exchange', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const reply = await shell.exchange({
    steps: step(sh`echo one`, sh`false; echo no`, sh`echo three`),
    probes: [sh`:`],
  });
  t.strictSame(
    reply.steps.map(({ code, stdout }) => [code, stdout]),
    [
      [0, 'one\n'],
      [1, ''],
    ],
  );
  t.strictSame(reply.probes, []);
  const after = await shell.exchange(probe(sh`echo fine`));
  t.equal(after.probes[0]?.stdout, 'fine\n');
});

t.test('steps come before probes, and cannot change the shell', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const file = `${t.testdir()}/x`;
  const reply = await shell.exchange({
    steps: step(sh`cd /usr; echo now >${file}`),
    probes: [sh`cat ${file}; pwd`],
  });
  t.match(reply.probes[0]?.stdout, /^now\n.*provision\..*\/x\n$/);
});

t.test('a step that times out is killed with all its children', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const file = `${t.testdir()}/x`;
  const reply = await shell.exchange({
    steps: [{ script: sh`(sleep 3; echo late >${file}) & sleep 30`, timeout: 1 }],
    probes: [],
  });
  t.equal(reply.steps[0]?.code, 124);
  await wait(2500);
  t.strictSame(readdirSync(t.testdirName), []);
});

t.test('large output, a large script and part of a token in the output', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const big = 'x'.repeat(300_000);
  const { probes } = await shell.exchange(
    probe(sh`printf %s ${big}`, sh`echo frame-; head -c 2000000 /dev/zero | tr '\0' y`),
  );
  t.equal(probes[0]?.stdout, big);
  t.equal(probes[1]?.stdout.length, 2_000_007);
});

t.test('progress arrives while the step runs', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const reported: string[] = [];
  await shell.exchange({
    steps: step(sh`echo 10% >&9; echo 20% >&9`),
    probes: [],
    progress: (line) => reported.push(line),
  });
  t.strictSame(reported, ['10%', '20%']);
});

t.test('a shell that ends is an error, never a success', async (t) => {
  const shell = localShell(['sh', '-c', 'exit 3']);
  await t.rejects(shell.exchange(probe(sh`echo`)), /returned no complete reply/);
  const killed = localShell();
  await t.rejects(
    killed.exchange({ enter: sh`kill -9 $$`, steps: [], probes: [sh`echo`] }),
    /returned no complete reply/,
  );
  const missing = localShell(['/no/such/shell']);
  await t.rejects(missing.exchange(probe(sh`echo`)), /returned no complete reply/);
});

t.test('probes that are not valid shell are reported as broken', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const reply = await shell.exchange(probe(sh`echo fine`, sh`if then`));
  t.not(reply.broken?.code, 0);
  t.match(reply.broken?.stderr, /[Ss]yntax error/);
});

t.test('no files are left behind, and no secret is in argv', async (t) => {
  const shell = localShell();
  const hidden = secret('s3cret-word-in-a-script');
  const { probes } = await shell.exchange({
    steps: step(sh`printf %s ${hidden} | sha256sum`),
    probes: [
      sh`pwd`,
      sh`printf %s ${hidden} >/dev/null; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' || :`,
    ],
  });
  t.notMatch(probes[1]?.stdout, /s3cret-word-in/);
  await shell.close();
  const folder = String(probes[0]?.stdout).trim().replace(/\/x$/, '');
  t.match(folder, /\/provision\./);
  t.throws(() => readdirSync(folder), { code: 'ENOENT' });
});

t.test('a reply that arrives byte by byte', async (t) => {
  const child = spawn('sh', { stdio: 'pipe' });
  const single = async function* (stream: Readable) {
    for await (const chunk of stream) for (const byte of chunk as Buffer) yield Buffer.of(byte);
  };
  const stdout = Readable.from(single(child.stdout), { objectMode: false });
  const stderr = Readable.from(single(child.stderr), { objectMode: false });
  const shell = openShell({ stdin: child.stdin, stdout, stderr }, 'bytes');
  const reported: string[] = [];
  const reply = await shell.exchange({
    steps: step(sh`echo ä€😀 >&9`),
    probes: [sh`printf %s ä€😀`],
    progress: (line) => reported.push(line),
  });
  t.equal(reply.probes[0]?.stdout, 'ä€😀');
  child.stdin.end();
  await once(child, 'close');
  t.strictSame(reported, ['ä€😀']);
});
