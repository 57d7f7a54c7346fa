import type { Host } from '../../host.ts';
import type { ProviderOptions, Pull } from '../provider.ts';
import { blobsOf } from './images/blobs.ts';
import { buildStandIns } from './images/build.ts';
import { needsKubernetes } from './images/hub.ts';
import { lastingMirror, type Place } from './images/lasting.ts';
import { buildKubernetes, type Upstream } from './kubernetes/build.ts';

export interface PullOptions extends Pick<ProviderOptions, 'approach' | 'pulls' | 'yes' | 'progress'> {
  readonly place: Place;
  /** Returns why the machines cannot reach a registry; undefined if they can. */
  whyUnreachable(): Promise<string | undefined>;
}

/** Adds variables to the hosts with which roles pull from the lab, if the machines cannot reach upstream. */
export async function withMirror(hosts: readonly Host[], options: PullOptions): Promise<Host[]> {
  const { approach, pulls = [], yes, place, whyUnreachable } = options;
  if (pulls.length === 0 || hosts.length === 0) return [...hosts];
  const progress = (line: string) => options.progress('mirror', line);
  let upstream: Upstream | undefined;
  const folders = async () => {
    const standIns = await buildStandIns({ yes, progress });
    if (needsKubernetes(pulls)) upstream = await buildKubernetes({ yes, progress });
    return [await blobsOf(standIns.file, progress), ...(upstream ? [upstream.folder] : [])];
  };
  const url = await lastingMirror({ lab: approach, place, whyUnreachable, progress, folders });
  if (url === undefined) return [...hosts];
  const all = variables(url, upstream);
  const vars = Object.fromEntries(pulls.map((role) => [role, all[role] ?? {}]));
  return hosts.map((host) => ({ ...host, vars }));
}

/** The variables of each role for a mirror at `url`. */
export function variables(
  url: string,
  upstream?: Pick<Upstream, 'repository' | 'helm'>,
): Partial<Record<Pull, Readonly<Record<string, unknown>>>> {
  const hub = { docker: { mirrors: [url] }, image: { mirrors: [url] } };
  if (!upstream) return hub;
  const { repository, helm } = upstream;
  return {
    ...hub,
    containerd: { source: 'distro', mirrors: { 'docker.io': url, 'registry.k8s.io': url } },
    kubernetes: { repository: `${url}${repository.path}`, repository_key: repository.fingerprint },
    helm: { url: `${url}${helm.path}`, sha256: helm.sha256 },
  };
}
