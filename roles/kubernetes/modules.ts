import { type Resource, write } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

export const MODULES = '/etc/modules-load.d/kubernetes.conf';
const content = 'overlay\nbr_netfilter\n';

interface ModuleState {
  /** Modules whose features the kernel does not have now. */
  readonly missing: readonly string[];
  /** Whether one of them is a loaded module, rather than built in or loaded by the computer of a container. */
  readonly loaded: boolean;
  readonly stored: boolean;
}

/** Overlay file systems, and packets between containers that pass through iptables; after a reboot too. */
export const modules: Resource<ModuleState> = {
  kind: 'kubernetes',
  name: 'kernel modules',
  probe: {
    script: sh`grep -q overlay /proc/filesystems || echo missing overlay
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo missing br_netfilter
if grep -Eqs '^(overlay|br_netfilter) ' /proc/modules; then echo loaded; fi
if [ "$(cat ${MODULES} 2>/dev/null)" = ${content.trim()} ]; then echo stored; fi`,
    read: ({ stdout }) => ({
      missing: [...stdout.matchAll(/^missing (\w+)$/gm)].map(([, name]) => name ?? ''),
      loaded: /^loaded$/m.test(stdout),
      stored: /^stored$/m.test(stdout),
    }),
  },
  plan: ({ missing, loaded, stored }) => {
    const ownership = { owner: 'root', group: 'root', mode: '0644' };
    return [
      ...(missing.length > 0
        ? [{ summary: `load ${missing.join(', ')}`, script: sh`modprobe --all ${missing}` }]
        : []),
      ...((missing.length > 0 || loaded) && !stored
        ? [
            {
              summary: 'load them after a reboot',
              script: write(MODULES, { text: content, secrets: [] }, ownership),
            },
          ]
        : []),
    ];
  },
};
