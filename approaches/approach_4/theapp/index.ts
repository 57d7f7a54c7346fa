import { helm, kubernetes, role, type Secret } from '../../../provision/index.ts';
import { partsOf } from '../image.ts';
import { checksums, loginOf } from './secrets.ts';
import { chart, valuesOf } from './values.ts';
import { type Vars, vars } from './vars.ts';

/**
 * TheAPP and its data services in one environment: two releases in a namespace of their own; or, with a revision, the
 * release of TheAPP as it was. The host is a control plane.
 */
export const theapp = role({
  folder: import.meta.dirname,
  vars,
  check: ({ environment }) => {
    for (const name of ['data', 'chart'] as const) valuesOf(name, environment);
  },
  tasks: ({ vars }) => {
    const { environment: namespace, registry, version, revision, ready_seconds: timeout } = vars;
    if (revision !== null) return [helm.rollback('theapp', { namespace, revision, timeout })];
    const data = passwords(vars);
    const shared = { existingSecret: 'theapp-secrets', secretsChecksum: checksums(data, vars.checksum_key) };
    const pulled = { image: partsOf(vars.app_image), imagePullSecrets: ['registry'] };
    return [
      kubernetes.manifest(`namespace-${namespace}`, { content: namespaceOf(namespace) }),
      kubernetes.secret('theapp-secrets', { namespace, data }),
      kubernetes.secret('registry', { namespace, ...loginOf(registry) }),
      helm.release('theapp-data', {
        namespace,
        chart: chart('data'),
        values: { ...valuesOf('data', namespace), ...shared },
        timeout,
      }),
      helm.release('theapp', {
        namespace,
        chart: chart('chart'),
        values: { ...valuesOf('chart', namespace), ...shared, ...pulled },
        describes: version,
        timeout,
      }),
    ];
  },
});

const passwords = (vars: Vars): Readonly<Record<string, Secret>> => ({
  'mysql-root-password': vars.mysql_root_password,
  'mysql-replication-password': vars.mysql_replication_password,
  'mysql-password': vars.mysql_password,
  'redis-password': vars.redis_password,
});

/** Only pods that meet the Pod Security level `restricted` are admitted. */
const namespaceOf = (name: string) => `apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
    pod-security.kubernetes.io/audit: restricted
`;
