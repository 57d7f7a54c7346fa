/** An environment variable with more versions of Kubernetes, to try upgrades: `1.36.1`, or several with spaces. */
export const MORE = 'THEAPP_LAB_KUBERNETES';
const more = (process.env[MORE] ?? '').split(' ').filter(Boolean);

/** The versions that the lab builds. kubeadm decides the versions of etcd, CoreDNS and pause. */
export const versions = {
  /** The first is the one that modules/program/go.mod names; each further one adds its packages and images. */
  kubernetes: ['1.36.3', ...more],
  metricsServer: '0.9.0',
  kubeRouter: '2.1.0',
  helm: '4.2.4',
  crictl: '1.36.0',
  /** The version of the package; the plug-ins themselves are Debian's. */
  cni: '1.8.0',
} as const;

/** The version of the only release series that the lab builds: `1.36`. */
export const series = versions.kubernetes[0].replace(/\.\d+$/, '');
