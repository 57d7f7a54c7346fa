import { failure, type Host, sh } from '../../../../provision/index.ts';
import { requireSuccess } from '../provisioner.ts';
import type { Scenario } from '../scenario.ts';
import { spread, workerWithoutPrimary } from './placement.ts';
import { moveMasterOff } from './redis.ts';
import type { Target } from './target.ts';

/** The system creates this file when an update takes effect only after a reboot. */
const REQUIRED = '/run/reboot-required';

/** A worker reboots, as after an update of its kernel. */
export const reboot: Scenario<Target> = {
  name: 'reboot',
  description: 'a worker without the MariaDB primary reboots after an update',
  bounds: { protects: 'all', healthySeconds: 600 },
  async skip(target) {
    for (const host of target.hosts)
      if ((await target.on(host, sh`ls ${REQUIRED} 2>/dev/null || :`)) !== '')
        return `${host.name} needs a reboot already: npm run provision -- ${target.approach} -e kubernetes.reboot=true`;
    return undefined;
  },
  async prepare(target) {
    const worker = await workerWithoutPrimary(target);
    await moveMasterOff(target, worker);
    await spread(target);
    return async () => {
      await target.on(worker, sh`: >${REQUIRED}`);
      const end = keepOn(target, worker);
      const run = await target.provision({ words: ['-e', 'kubernetes.reboot=true'] }).finally(end);
      requireSuccess(run, 'the reboot failed');
      if (!run.changed.includes(`${worker.name}: kubernetes: system reboot`))
        throw failure({ place: worker.name, what: 'has not been rebooted' });
      return undefined;
    };
  },
};

/** When a virtual machine reboots, its emulator may exit instead: this starts it again. Returns how to stop that. */
function keepOn({ power, progress }: Target, host: Host): () => void {
  const timer = setInterval(() => {
    if (!power.isOn(host)) power.on(host).catch((error) => progress(`${host.name}: ${error}`));
  }, 5000);
  return () => clearInterval(timer);
}
