import { type Script, sh } from '../../shell/sh.ts';
import type { Recorded } from './probe.ts';

/** What Helm does not touch: it takes it for a release that another Helm is working on. */
const unfinished = (status: string) => status.startsWith('pending-') || status === 'uninstalling';

/**
 * Makes a release usable again after Helm was killed. While Helm still works on it, on this host, this waits. Otherwise
 * the revision is marked as failed, as Helm does when it can: its Secret has the record as gzipped JSON, in base64 twice.
 * The upgrade that follows starts from what that revision has left in the cluster, so that nothing is rolled out twice
 * and no object is forgotten, and the revision that was deployed before is still the one to roll back to.
 */
export function recover(name: string, namespace: string, recorded: Recorded, timeout: number): Script {
  if (!unfinished(recorded.status)) return sh`:`;
  const secret = `sh.helm.release.v1.${name}.v${recorded.revision}`;
  const of = [secret, `--namespace=${namespace}`];
  return sh`end=$(($(date +%s) + ${timeout}))
while [ ${recorded.process} != 0 ] && [ -e /proc/${recorded.process} ] && [ "$(date +%s)" -lt "$end" ]; do sleep 1; done
case $(kubectl get secret ${of} --output 'jsonpath={.metadata.labels.status}') in pending-*|uninstalling)
kubectl get secret ${of} --output 'jsonpath={.data.release}' | base64 -d | base64 -d | gzip -d |
sed 's/"status":"\(pending-[a-z]*\|uninstalling\)"/"status":"failed"/' | gzip | base64 -w 0 | base64 -w 0 >"$d"/release
[ "$(wc -c <"$d"/release)" -gt 100 ]
{ printf '{"metadata":{"labels":{"status":"failed"}},"data":{"release":"'; cat "$d"/release; printf '"}}'; } >"$d"/patch
kubectl patch secret ${of} --type=merge --patch-file "$d"/patch >/dev/null
rm -f "$d"/release "$d"/patch
;; esac`;
}
