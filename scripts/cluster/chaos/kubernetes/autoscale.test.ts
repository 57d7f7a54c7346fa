import t from 'tap';
import type { Autoscaler } from '../../../../approaches/approach_4/cluster/objects.ts';
import { explain } from '../../../../provision/index.ts';
import { deployment, snapshot } from '../../../../testing/kubernetes.ts';
import { autoscale } from './autoscale.ts';

const autoscaler: Autoscaler = {
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'theapp', namespace: 'production' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'theapp' }, maxReplicas: 5 },
  status: { desiredReplicas: 2 },
};

t.test(
  'an environment without an autoscaler is skipped; one that still scales is not ready for it',
  async (t) => {
    const workloads = [deployment('theapp', 3)];
    const probe = async () => snapshot({ autoscalers: [autoscaler], workloads });
    const rest = { probe, progress: () => undefined, urls: [], health: '/nodez' };
    const on = (environment: string) => ({ environment, ...rest });
    t.equal(await autoscale.skip?.(on('staging')), 'TheAPP has no autoscaler in staging');
    t.equal(await autoscale.skip?.(on('production')), undefined);
    const inject = await autoscale.prepare(on('production'));
    t.match(
      await inject().catch(explain),
      /^production\/theapp: its autoscaler has not finished: other replicas are ready than it wants$/,
    );
  },
);
