import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';
import { overlap } from './subnets.ts';

/** A name that can be the name of a node: a DNS label (RFC 1123). */
const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected a name of lower-case letters, digits and hyphens');
const image = z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image');
const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** How a host joins an existing cluster. */
const join = z.strictObject({
  /** Where the API server answers: `address:port`. */
  endpoint: z.string(),
  token: secretVariable,
  /** The SHA-256 of the public key of the cluster's certificate authority. */
  authority: z.string(),
  /** What a further control plane needs in addition. */
  control: z
    .strictObject({
      /** The files that all control planes share, in the order of shared.ts. */
      shared: z.array(secretVariable),
      /** The control plane through which it joins; null if the endpoint leads to one. */
      through: z.ipv4().nullable(),
      /** Whether the host has never been a node, so that what is in its volumes is of an earlier cluster. */
      fresh: z.boolean(),
    })
    .nullable(),
});

/** Where snapshots are copied to, by SFTP. Nothing in it means anything to a shell. */
const copy = z.strictObject({
  target: z.string().regex(/^\w[\w.-]*@\w[\w.:-]*$/, 'expected USER@HOST'),
  port: z.int().min(1).max(65_535).default(22),
  folder: z.string().regex(/^[\w./][\w./-]*$/, 'expected a path of letters, digits, ".", "_", "-" and "/"'),
  host_key: z
    .string()
    .regex(/^[\w@.-]+ [\w+/=]+( [\w.@-]+)?$/, 'expected the public key of the host: ssh-ed25519 AAAA…'),
});

/** A host that is a node of the cluster. */
const member = z.strictObject({ host: hostName, address: z.ipv4() });
/** A control plane, whose address may be unknown while it is not reached. */
const peer = z.strictObject({ host: hostName, address: z.ipv4().nullable() });

const version = z.string().regex(/^1\.\d+\.\d+$/, 'expected a version such as 1.36.3');
const simple = z.enum([
  'raise-grace',
  'apply',
  'node',
  'settle',
  'restore-grace',
  'prepare',
  'kubelet',
  'reboot',
  'prune',
]);

/** A step of an upgrade or a reboot. */
const step = z.union([
  z.strictObject({ does: simple }),
  z.strictObject({ does: z.literal('drain'), node: hostName, everything: z.boolean() }),
  z.strictObject({ does: z.enum(['leave', 'return']), node: hostName }),
]);

export const vars = z
  .strictObject({
    part: z.enum([
      'node',
      'control-plane',
      'reset',
      'token',
      'no-token',
      'worker',
      'cluster',
      'maintenance',
      'step',
    ]),
    control_planes: z.array(peer),
    step: step.nullable(),
    /** Hosts that are nodes, with their versions: only an upgrade changes these. */
    installed: z.record(hostName, version),
    join: join.nullable(),
    members: z.array(member),
    /** Hosts that were not reached: their nodes are kept. */
    absentees: z.array(z.string()),
    /** The control planes whose members of etcd stay, and those whose nodes make way for a new host of the same name. */
    etcd: z.array(z.string()),
    replaced: z.array(z.string()),
    version,
    repository: z
      .url({ protocol: /^https?$/, error: 'expected http://… or https://…' })
      .endsWith('/', 'expected a URL that ends with a slash')
      .nullable(),
    repository_key: z.string().regex(/^[0-9A-F]{40}$/, 'expected a fingerprint of 40 hexadecimal digits'),
    endpoint: z
      .string()
      .regex(/^[a-z0-9.-]+:\d+$/, 'expected a name or an address, and a port')
      .nullable(),
    pod_subnet: z.cidrv4(),
    service_subnet: z.cidrv4(),
    node_grace_seconds: seconds(5, 3600),
    unreachable_seconds: seconds(0, 86_400),
    not_ready_seconds: seconds(0, 86_400),
    node_report_seconds: seconds(1, 60),
    audit_days: z.int().min(1).max(3650),
    audit_files: z.int().min(1).max(1000),
    audit_megabytes: z.int().min(1).max(10_000),
    kube_router_image: image,
    metrics_server_image: image,
    volumes: z.int().min(0).max(100),
    volumes_path: z.string().regex(/^(\/[\w.-]+){2,}$/, 'expected an absolute path'),
    volume_size: z.string().regex(/^[1-9]\d*(Mi|Gi|Ti)$/, 'expected a size such as 10Gi'),
    certificate_days: z.int().min(2).max(300),
    snapshot_schedule: z.string().regex(/^[\w*:,./ ~-]+$/, 'expected a time as in systemd.time(7)'),
    snapshot_hours: z.int().min(1).max(10_000),
    snapshots: z.int().min(1).max(1000),
    snapshot_copy: copy.nullable(),
    restore: z
      .string()
      .regex(/^(\/[\w.-]+)+$/, 'expected the absolute path of a snapshot on the control plane')
      .nullable(),
    drained: z.array(hostName),
    drain_seconds: seconds(0, 3600),
    ready_seconds: seconds(30, 3600),
    reboot: z.boolean(),
    reboot_seconds: seconds(30, 3600),
  })
  .refine(({ pod_subnet, service_subnet }) => !overlap(pod_subnet, service_subnet), {
    path: ['service_subnet'],
    error: 'expected a network that does not overlap with pod_subnet',
  });

export type Vars = z.output<typeof vars>;
export type Member = z.output<typeof member>;
export type Peer = z.output<typeof peer>;
export type Step = z.output<typeof step>;
export type Join = z.output<typeof join>;
