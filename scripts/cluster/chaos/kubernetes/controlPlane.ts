import { failure, sh } from '../../../../provision/index.ts';
import type { Scenario } from '../scenario.ts';
import { controlPlanesOf } from './placement.ts';
import type { Target } from './target.ts';

/** Seconds that a command of the maintenance may take. */
const DEADLINE_SECONDS = 900;

/** The control plane gets new certificates, and all its parts restart. */
export const renew: Scenario<Target> = {
  name: 'renew-certificates',
  description: 'the certificates of the control plane are renewed',
  // Pods run and answer without the API server. Its parts start again one after another: up to three minutes.
  bounds: { protects: 'all', healthySeconds: 240 },
  async prepare(target) {
    const host = target.host((await target.probe()).reporter);
    const serial = () =>
      target.on(host, sh`openssl x509 -noout -serial -in /etc/kubernetes/pki/apiserver.crt`);
    return async () => {
      const before = await serial();
      await target.on(host, sh`kubernetes-certificates --renew`, DEADLINE_SECONDS);
      if ((await serial()) !== before) return undefined;
      throw failure({ place: host.name, what: 'the API server has the same certificate as before' });
    };
  },
};

/** etcd goes back to a snapshot: what was deleted since then is back, and what was created is gone. */
export const restore: Scenario<Target> = {
  name: 'etcd-restore',
  description: 'etcd is restored from a snapshot of the minute before',
  // Pods run and answer without the API server. Its parts start again one after another: up to two minutes.
  bounds: { protects: 'all', healthySeconds: 180 },
  async skip(target) {
    const { length } = await controlPlanesOf(target);
    return length === 1
      ? undefined
      : `the cluster has ${length} control planes; the others would have to leave it first`;
  },
  async prepare(target) {
    const host = target.host((await target.probe()).reporter);
    const [deleted, created] = ['deleted-since', 'created-since'];
    const remove = sh`delete configmap ${deleted} ${created} --ignore-not-found >/dev/null`;
    await target.kubectl(remove);
    await target.kubectl(sh`create configmap ${deleted} >/dev/null`);
    const said = await target.on(host, sh`kubernetes-snapshot --local`);
    const file = /^saved (\S+)$/m.exec(said)?.[1];
    if (file === undefined) throw failure({ place: host.name, what: 'saved no snapshot', said });
    await target.kubectl(sh`delete configmap ${deleted} >/dev/null`);
    await target.kubectl(sh`create configmap ${created} >/dev/null`);
    return async () => {
      await target.on(host, sh`kubernetes-restore ${file}`, DEADLINE_SECONDS);
      const found = await target.kubectl(
        sh`get configmap ${deleted} ${created} --ignore-not-found --output=name`,
      );
      await target.kubectl(remove);
      if (found.trim() === `configmap/${deleted}`) return undefined;
      throw failure({
        place: host.name,
        what: 'etcd does not have the state of the snapshot',
        why: `expected configmap/${deleted}, found ${found.trim().split('\n').join(' ') || 'nothing'}`,
      });
    };
  },
};
