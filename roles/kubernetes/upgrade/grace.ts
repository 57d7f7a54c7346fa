import type { Resource } from '../../../provision/authoring.ts';
import { sh } from '../../../provision/index.ts';
import { FUNCTIONS } from '../maintenance/files.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-controller-manager.yaml';

/**
 * How long the controllers of this control plane wait before a node that does not report counts as lost. While its API
 * server is away, no node can report, and the controllers would declare all of them lost at once when it is back.
 */
export const grace = (seconds: number): Resource<string> => ({
  kind: 'kubernetes',
  name: 'node-monitor-grace-period',
  probe: {
    script: sh`sed -n 's/^ *- --node-monitor-grace-period=//p' ${MANIFEST} 2>/dev/null || :`,
    read: ({ stdout }) => stdout.trim(),
  },
  plan: (found) => {
    // empty: this is not a control plane yet
    if (found === '' || found === `${seconds}s`) return [];
    return [
      {
        summary: `count a node as lost after ${seconds}s without a report, not ${found}`,
        script: sh`. ${FUNCTIONS}
set_grace ${`${seconds}s`}`,
      },
    ];
  },
  timeout: 240,
});
