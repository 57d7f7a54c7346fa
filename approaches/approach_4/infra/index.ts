import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { absent, directory, kubernetes, reveal, role } from '../../../provision/index.ts';
import { vars } from './vars.ts';
import { visualiser, visualiserReady } from './visualiser.ts';

const FILE = join(import.meta.dirname, 'registry.yaml.hbs');
const NAMESPACE = 'registry';
/** The data of the registry on its host. */
export const DATA = '/var/lib/theapp-registry';
/** The user of the registry, which the image does not need to know. */
const USER = 1000;

/**
 * The services of the cluster itself: the registry, on this control plane, whose disk holds the images, and a page that
 * shows nodes and pods. The part `page` waits for the page, which nothing else needs.
 */
export const infra = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, host, template }) => {
    if (vars.part === 'page') return visualiserReady(vars);
    const { certificate, key, passwords } = vars;
    // a certificate is public, and the pods that use it restart when it changes
    const certificate_hash = createHash('sha256').update(reveal(certificate)).digest('hex').slice(0, 16);
    const content = template(FILE, { certificate_hash, node: host.name, path: DATA, user: USER });
    return [
      directory(DATA, { owner: `${USER}`, group: `${USER}`, mode: '0700' }),
      kubernetes.manifest('registry-namespace', { content: namespace }),
      kubernetes.secret('keys', { namespace: NAMESPACE, data: { certificate, key, passwords } }),
      kubernetes.manifest('registry', { content }),
      visualiser(vars, template),
      kubernetes.rollout('deployment/registry', { namespace: NAMESPACE, seconds: vars.ready_seconds }),
    ];
  },
  remove: ({ purge }) => (purge ? [absent(DATA)] : []),
});

/** Pods of the level `restricted` can use neither the node's network nor its folders. */
const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: privileged
`;
