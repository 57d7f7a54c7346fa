import t from 'tap';
import { pod, pods, snapshot } from '../../../testing/kubernetes.ts';
import { stateOf } from './state.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-30T15:00:00Z');
const system = pod('coredns', 'control-plane', {}, { namespace: 'kube-system' });

t.test('the nodes of a state', async (t) => {
  const usage = [{ name: 'worker1', usage: { cpu: '250m', memory: '917504Ki' } }];
  const { nodes } = stateOf(snapshot({ usage, pods: [...pods, system] }), now);
  t.match(nodes, [
    { name: 'control-plane', role: 'control-plane', pods: 1 },
    {
      name: 'worker1',
      role: 'worker',
      version: '1.36.3',
      ready: true,
      cordoned: false,
      pods: 1,
      cpu: { used: 0.25, total: 2 },
      memory: { used: 917504 * 1024, total: 1835008 * 1024 },
    },
    { name: 'worker2', cpu: { total: 2 } },
  ]);
});
