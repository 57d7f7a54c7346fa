import { type Resource, write } from '../../provision/authoring.ts';
import { type Facts, type Handler, sh } from '../../provision/index.ts';
import { CERTS } from './mirrors.ts';

export const CONFIG = '/etc/containerd/config.toml';

export interface Settings {
  readonly source: 'docker' | 'distro';
  readonly sandbox_image: string;
  readonly facts: Pick<Facts, 'privileges'>;
}

interface State {
  /** The major version of the installed containerd; undefined if there is none. */
  readonly version: number | undefined;
  readonly text: string;
}

/**
 * The file config.toml, in the format of the installed version: 1.6 and 1.7 read version 2 of the format, 2.0 and later
 * version 3, whose plugins have other names.
 */
export const config = (settings: Settings, notify: Handler): Resource<State> => ({
  kind: 'file',
  name: CONFIG,
  probe: {
    script: sh`containerd --version 2>/dev/null || echo none
cat ${CONFIG} 2>/dev/null || :`,
    read: ({ stdout }) => {
      const [first = '', ...rest] = stdout.split('\n');
      const version = / v?(\d+)\.\d+/.exec(first)?.[1];
      return { version: version === undefined ? undefined : Number(version), text: rest.join('\n') };
    },
  },
  plan: ({ version = settings.source === 'docker' ? 2 : 1, text: before }) => {
    const after = version < 2 ? version2(settings) : version3(settings);
    if (before === after) return [];
    const ownership = { owner: 'root', group: 'root', mode: '0644' };
    return [
      {
        summary: before === '' ? 'create' : 'change its content',
        diff: { path: CONFIG, before, after },
        script: write(CONFIG, { text: after, secrets: [] }, ownership),
      },
    ];
  },
  notify: [notify],
});

const head = (version: number) => `# Managed by the provisioner (role containerd).
version = ${version}
`;

const version2 = ({ sandbox_image, facts: { privileges } }: Settings) => `${head(2)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandbox_image}"
  restrict_oom_score_adj = ${!privileges.oomScores}
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${CERTS}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    privileged_without_host_devices = ${!privileges.devices}
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
`;

const version3 = ({ sandbox_image, facts: { privileges } }: Settings) => `${head(3)}
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${sandbox_image}"
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "${CERTS}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = ${!privileges.oomScores}
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    privileged_without_host_devices = ${!privileges.devices}
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = true
`;
