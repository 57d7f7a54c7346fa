import type { Resource } from '../../provision/authoring.ts';
import { type Facts, file, handler, service, sh, systemd } from '../../provision/index.ts';

const RESOLV = '/etc/kubernetes/resolv.conf';
const protocols = ['udp', 'tcp'] as const;
const unitOf = (protocol: string) => `provision-dns-${protocol}`;

/** The file with name servers that pods can reach; undefined if that is the node's own. */
export const resolverFor = ({ nameservers }: Pick<Facts, 'nameservers'>): string | undefined =>
  nameservers.length > 0 && nameservers.every((one) => /^127\.|^::1$/.test(one)) ? RESOLV : undefined;

/**
 * A node whose only name server is at its loopback address, as in a container of Docker, forwards questions from its
 * pods: they cannot reach that address, and CoreDNS would ask itself.
 */
export const forwarder = (address: string): Resource[] => [
  file(RESOLV, { content: `# Managed by the provisioner (role kubernetes).\nnameserver ${address}\n` }),
  ...protocols.flatMap((protocol) => {
    const kind = protocol.toUpperCase();
    return [
      systemd.unit(unitOf(protocol), {
        content: `# Managed by the provisioner (role kubernetes).
[Unit]
Description=Forwards DNS over ${kind} from pods to the name server of this node
After=network-online.target
Wants=network-online.target

[Service]
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
ExecStart=/bin/sh -c 'exec socat -T 5 ${kind}4-LISTEN:53,bind=${address},reuseaddr,fork ${kind}4:$$(sed -n "s/^nameserver //p" /etc/resolv.conf | head -n 1):53'
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`,
        notify: handler(`restart ${unitOf(protocol)}`, sh`systemctl restart ${unitOf(protocol)}`),
      }),
      service(unitOf(protocol)),
    ];
  }),
];

const files = protocols.map((protocol) => `/etc/systemd/system/${unitOf(protocol)}.service`);

/** There is no forwarder. */
export const noForwarder: Resource<boolean> = {
  kind: 'kubernetes',
  name: 'forwarder of DNS',
  probe: {
    script: sh`ls ${files} 2>/dev/null || :`,
    read: ({ stdout }) => stdout !== '',
  },
  plan: (exists) =>
    exists
      ? [
          {
            summary: 'stop and remove',
            script: sh`systemctl --quiet disable --now ${protocols.map(unitOf)} 2>/dev/null || :
rm -f -- ${files}
systemctl daemon-reload`,
          },
        ]
      : [],
};
