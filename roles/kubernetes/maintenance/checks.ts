import { failure, type Host, sh, type Verification } from '../../../provision/index.ts';

type Check = Pick<Verification<string>, 'check'>;

/** Checks the certificates of every node, and the snapshots of the control planes. */
export async function checkMaintenance(
  { check }: Check,
  all: readonly Host[],
  controlPlanes: readonly Host[],
): Promise<void> {
  for (const host of all) await check(host, 'certificates', certificates(), daysLeft);
  for (const host of controlPlanes) await check(host, 'snapshots of etcd', snapshots(host.name), newest);
}

/** Prints how many days each certificate is valid, and what the timer that renews them did last. */
export const certificates = (root = '') => sh`now=$(date +%s)
root=${root}
days() {
end=$(openssl x509 -noout -enddate | cut -d = -f 2)
printf '%s %s\n' "$((($(date -d "$end" +%s) - now) / 86400))" "$1"
}
for file in "$root"/etc/kubernetes/pki/*.crt "$root"/etc/kubernetes/pki/etcd/*.crt "$root"/var/lib/kubelet/pki/kubelet-*-current.pem; do
if [ -e "$file" ]; then days "$file" <"$file"; fi
done
for file in "$root"/etc/kubernetes/*.conf; do
if [ "$file" != "$root"/etc/kubernetes/kubelet.conf ] && grep -q client-certificate-data "$file" 2>/dev/null; then sed -n 's/^ *client-certificate-data: //p' "$file" | base64 -d | days "$file"; fi
done
sed -n 's/^RENEW_DAYS=/renewed /p' "$root"/etc/kubernetes/maintenance/settings 2>/dev/null || :
if [ -e "$root"/etc/kubernetes/maintenance ]; then echo "timer $(systemctl is-active kubernetes-certificates.timer || :) $(systemctl show --property=Result --value kubernetes-certificates.service)"; fi`;

/** Fails when the timer should have renewed a certificate long ago. Kubelets renew theirs with more than 30 days left. */
export function daysLeft(printed: string): string {
  requireTimer(printed, 'certificates');
  const found = [...printed.matchAll(/^(-?\d+) (\/\S+)$/gm)]
    .map(([, days, path = '']) => ({ days: Number(days), path }))
    .sort((a, b) => a.days - b.days);
  const [first] = found;
  if (!first) throw failure({ what: 'no certificates were found', todo: 'see /etc/kubernetes on that host' });
  const least = Number(/^renewed (\d+)$/m.exec(printed)?.[1] ?? 60) / 2;
  const late = found.find(({ days, path }) => days < (isAuthority(path) ? 180 : least));
  if (!late) return `valid for ${first.days} more days`;
  throw failure({
    what: `${late.path} is valid for only ${late.days} more days`,
    todo: remedyOf(late.path),
  });
}

const isAuthority = (path: string) => path.endsWith('ca.crt');

const remedyOf = (path: string) =>
  isAuthority(path)
    ? 'replace the authority: https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/'
    : path.includes('/kubelet-')
      ? 'on a control plane: kubernetes-certificates --approve; on that host: journalctl --unit kubelet --grep certificate'
      : 'on that host: kubernetes-certificates --renew';

/**
 * Prints the snapshots of a control plane, their age, and what the timer that saves them did last. Snapshots of others,
 * which somebody has put there for a restore, do not count. The time is in the name: a copy of a file is younger.
 */
export const snapshots = (name: string, root = '') => sh`root=${root}
cd "$root"/var/backups/kubernetes 2>/dev/null || exit 0
own=$(ls | grep -E ${`^${name}-[0-9]{8}T[0-9]{6}Z\\.tar\\.gz$`} || :)
last=$(printf '%s\n' "$own" | sort | tail -n 1)
echo "count $(printf %s "$own" | grep -c '' || :)"
if [ -n "$last" ]; then
saved=$(printf %s "$last" | sed 's/.*-\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z.*/\1-\2-\3 \4:\5:\6Z/')
echo "age $((($(date +%s) - $(date -d "$saved" +%s)) / 60))"
fi
sed -n 's/^HOURS=/most /p' "$root"/etc/kubernetes/maintenance/settings
if grep -q '^TARGET=.' "$root"/etc/kubernetes/maintenance/settings; then
if grep -qxF "$last" copied 2>/dev/null; then echo 'copy done'; else echo 'copy missing'; fi
fi
echo "timer $(systemctl is-active kubernetes-snapshot.timer || :) $(systemctl show --property=Result --value kubernetes-snapshot.service)"`;

/** Fails when the newest snapshot is too old or has not been copied, or when the last run of the timer failed. */
export function newest(printed: string): string {
  requireTimer(printed, 'snapshot');
  const value = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(printed)?.[1];
  const age = value('age');
  const todo = 'on that host: systemctl start kubernetes-snapshot; journalctl --unit kubernetes-snapshot';
  if (age === undefined) throw failure({ what: 'there is no snapshot', todo });
  const most = Number(value('most') ?? 27);
  if (Number(age) > most * 60)
    throw failure({
      what: `the newest snapshot is ${ageOf(Number(age))} old`,
      why: `expected at most ${most} h`,
      todo,
    });
  if (value('copy') === 'missing')
    throw failure({
      what: 'the newest snapshot has not been copied to the target',
      todo: `allow the key in /etc/kubernetes/maintenance/key.pub at the target; then ${todo}`,
    });
  const copied = value('copy') === 'done' ? ', copied' : '';
  return `${value('count')} kept, the newest is ${ageOf(Number(age))} old${copied}`;
}

const ageOf = (minutes: number) =>
  minutes < 120
    ? `${minutes} min`
    : minutes < 2880
      ? `${Math.floor(minutes / 60)} h`
      : `${Math.floor(minutes / 1440)} days`;

function requireTimer(printed: string, name: string): void {
  const [, active, result] = /^timer (\S+) (\S*)$/m.exec(printed) ?? [];
  if (active === undefined || (active === 'active' && result === 'success')) return;
  const unit = `kubernetes-${name}`;
  throw failure(
    active === 'active'
      ? {
          what: `the last run of ${unit} failed (${result})`,
          todo: `on that host: journalctl --unit ${unit}; systemctl start ${unit}`,
        }
      : { what: `${unit}.timer is ${active}`, todo: 'run the provisioner without --verify' },
  );
}
