import t from 'tap';
import { unreachable } from '../errors.ts';
import type { Session } from '../shell/exchange.ts';
import { secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { vm } from '../testing/facts.ts';
import { becomeRoot } from '../testing/root.ts';
import { ask, scratchSession } from '../testing/scratch.ts';
import { newHostRun } from './hostRun.ts';
import type { RunOptions } from './options.ts';
import { reboot } from './reboot.ts';

const skip = becomeRoot();

/** A session that runs probes, but records steps instead: this computer must not reboot. */
function recording(code = 0): Session & { readonly steps: string[] } {
  const real = scratchSession();
  const steps: string[] = [];
  return {
    ...real,
    steps,
    get roundTrips() {
      return real.roundTrips;
    },
    async exchange(request) {
      steps.push(...request.steps.map(({ script }) => script.text));
      const reply = await real.exchange({ ...request, steps: [] });
      return { ...reply, steps: request.steps.map(() => ({ code, stdout: '', stderr: 'no reboot' })) };
    },
  };
}

const options = (open: () => Promise<Session>): RunOptions => ({
  check: false,
  limit: new Set(),
  extras: [],
  forks: 1,
  stopping: () => false,
  report: () => undefined,
  open,
  ask: () => Promise.reject(new Error('no questions')),
  secret: () => secret('x'),
  secrets: () => Promise.reject(new Error('no environments')),
});
const refused = () => unreachable({ what: 'connection refused' });

t.test('a host that reboots is reached again, once it really has', { skip }, async (t) => {
  const [before, still, after] = [recording(), recording(), recording()];
  for (const one of [before, still, after]) t.teardown(() => one.close());
  // it accepts connections until its sshd ends
  await ask(still, sh`: >/run/provision-rebooting`);
  const attempts = [() => refused(), () => still, () => refused(), () => after];
  const hostRun = Object.assign(newHostRun(vm), { session: before });
  const open = async () => {
    const answer = attempts.shift()?.();
    if (answer && 'exchange' in answer) return answer;
    throw answer ?? new Error('too many attempts');
  };
  const session = await reboot(hostRun, options(open), 60);
  t.match(before.steps, [/: >\/run\/provision-rebooting\nsystemctl --no-block reboot/]);
  t.equal(session, after);
  t.equal(hostRun.session, after);
  t.ok(hostRun.facts, 'its facts are known again');
  t.equal(hostRun.roundTrips, before.roundTrips + still.roundTrips, 'earlier round trips count');
  t.strictSame(attempts, []);
});

t.test('a host that refuses to reboot', { skip }, async (t) => {
  const before = recording(1);
  t.teardown(() => before.close());
  const hostRun = Object.assign(newHostRun(vm), { session: before });
  const never = () => Promise.reject(new Error('no attempt to reach it'));
  await t.rejects(reboot(hostRun, options(never), 60), {
    kind: 'failed',
    message: 'the host refused to reboot',
    parts: { said: 'no reboot' },
  });
});

t.test('a host that does not come back', { skip }, async (t) => {
  const before = recording();
  t.teardown(() => before.close());
  const hostRun = Object.assign(newHostRun(vm), { session: before });
  await t.rejects(
    reboot(
      hostRun,
      options(() => Promise.reject(refused())),
      0,
    ),
    /did not come back within 0 s of its reboot: connection refused/,
  );
});
