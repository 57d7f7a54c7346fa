import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { localShell } from '../../shell/local.ts';
import { isolated } from '../../testing/resources.ts';
import { becomeRoot } from '../../testing/root.ts';
import { release } from './release.ts';

t.setTimeout(60_000);
const skip = becomeRoot();

const HELM = `level=WARN msg="upgrade failed" name=shop error="…"
Error: UPGRADE FAILED: release shop failed, and has been rolled back due to rollback-on-failure being set: resource Deployment/a/web not ready. status: InProgress, message: Available: 2/3
context deadline exceeded
`;

/** A shell in which `helm` fails after some seconds, and `kubectl` answers what was recorded. */
function failing(t: Test, helm: string, pods: readonly string[], events = '') {
  const folder = t.testdir({ chart: { 'Chart.yaml': 'name: shop\nversion: 0.1.0\n' }, bin: {} });
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  writeFileSync(join(folder, 'said'), helm);
  writeFileSync(join(folder, 'events'), events);
  for (const [i, text] of pods.entries()) writeFileSync(join(folder, `pods.${i}`), text);
  // It fails once all answers but the last have been read, and those that a rollback leaves.
  program(
    'helm',
    `while [ "$(cat ${folder}/count 2>/dev/null || echo 0)" -lt ${pods.length - 1} ]; do sleep 0.1; done
cat ${folder}/said >&2
exit 1`,
  );
  program(
    'kubectl',
    `case "$*" in
get\\ pods*) i=$(cat ${folder}/count 2>/dev/null || echo 0); cat ${folder}/pods.$i; [ $i = ${pods.length - 1} ] || echo $((i + 1)) >${folder}/count ;;
get\\ events*) cat ${folder}/events ;;
logs*) shift; printf 'start\\n\\nlog of %s\\n' "$1"; echo 'password is wrong' ;;
*) exit 1 ;; esac`,
  );
  const shell = localShell(isolated({ '/usr/local/bin': join(folder, 'bin') }));
  t.teardown(() => shell.close());
  const one = release('shop', { namespace: 'a', chart: join(folder, 'chart'), kubeconfig: folder });
  const [change] = one.plan({ cluster: 'none', rendered: '', changes: [], error: '', failed: '' });
  const lines: string[] = [];
  const steps = change ? [{ script: change.script, timeout: 30 }] : [];
  const progress = (line: string) => void lines.push(line);
  return { run: () => shell.exchange({ steps, probes: [], progress }), lines };
}

const old = 'old-1|app|3|CrashLoopBackOff|""\n';

t.test('the error has the reason, and the log of the container that failed', { skip }, async (t) => {
  const crash = `${old}web-1|nginx|1|CrashLoopBackOff|"back-off 10s restarting"\nweb-2|nginx|0||\n`;
  const done = 'job-1|migrate|0|Completed (exit code 0)|\n';
  // By the end the rollback has removed the pods.
  const { run, lines } = failing(t, HELM, [old, `${crash}${done}`, crash, old]);
  const { steps } = await run();
  t.equal(steps[0]?.code, 1);
  t.strictSame(steps[0]?.stderr.split('\n'), [
    'Error: UPGRADE FAILED: release shop failed, and has been rolled back due to rollback-on-failure being set: resource Deployment/a/web not ready. status: InProgress, message: Available: 2/3',
    'context deadline exceeded',
    'pod web-1, container nginx: CrashLoopBackOff "back-off 10s restarting"',
    'start',
    'log of web-1',
    'password is wrong',
    'pod web-2, container nginx: is not ready',
    'start',
    'log of web-2',
    'password is wrong',
    '',
  ]);
  t.strictSame(lines.slice(0, 1), ['web-1 CrashLoopBackOff, web-2 is starting']);
});

t.test('without containers, the error has the warnings of the cluster', { skip }, async (t) => {
  const events = `2000-01-01T00:00:00Z|Pod old: before\n2999-01-01T00:00:00Z|ReplicaSet web-1: exceeded quota\n`;
  const { run } = failing(t, 'Error: INSTALLATION FAILED: timed out\n', [old], events);
  const { steps } = await run();
  t.strictSame(steps[0]?.stderr.split('\n'), [
    'Error: INSTALLATION FAILED: timed out',
    'ReplicaSet web-1: exceeded quota',
    '',
  ]);
});
