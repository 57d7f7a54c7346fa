import { servePage } from '../../visualiser/server.ts';
import { readCluster } from './cluster.ts';
import { bodyOf } from './page.ts';

/**
 * Serves a page of nodes and pods, from the API of the cluster that it runs in, read-only. Environment variables: PORT
 * (8080), ACCOUNT (the folder of the service account); Kubernetes sets KUBERNETES_SERVICE_HOST and …_PORT.
 */
const { PORT = '8080', ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount' } = process.env;
const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env;

servePage(Number(PORT), {
  title: 'Nodes and pods',
  read: () => readCluster({ host, port, folder: ACCOUNT }),
  body: bodyOf,
});
