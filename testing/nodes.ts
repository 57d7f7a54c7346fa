import type { Host } from '../provision/index.ts';
import { debian, title, vm } from '../provision/testing.ts';
import { kubernetes } from '../roles/kubernetes/index.ts';

export type Given = Parameters<typeof kubernetes>[0];

/** Two nodes of a cluster; `vm` is the host of provision/testing.ts. */
export const members = [
  { host: 'vm', address: '10.0.2.15' },
  { host: 'worker1', address: '10.0.2.16' },
];

const named = (name: string): Host => ({
  ...vm,
  name,
  privateAddress: `10.0.2.${{ cp1: 11, cp2: 12, cp3: 13 }[name] ?? 21}`,
});
/** Three control planes and a worker, each with its own address. */
export const [cp1, cp2, cp3, worker] = ['cp1', 'cp2', 'cp3', 'w1'].map(named) as [Host, Host, Host, Host];
export const three = [cp1, cp2, cp3];
/** The control planes as the role's variable `control_planes` has them. */
export const peers = three.map(({ name, privateAddress }) => ({ host: name, address: privateAddress ?? '' }));

/** The resources of the role kubernetes on a host, and the one with this title. */
export const resources = (host: Host, given: Given) => kubernetes(given).resolve([]).resources(debian, host);
export const find = (host: Host, given: Given, name: string) =>
  resources(host, given).find((one) => title(one) === name);

/** What changes do, in words. */
export const words = (changes: readonly { summary: string }[] | undefined) =>
  changes?.map(({ summary }) => summary) ?? [];
