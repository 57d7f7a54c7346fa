import { kubectl, type Resource } from '../../../provision/authoring.ts';
import { sh } from '../../../provision/index.ts';
import { type Node, nodesProbe } from '../nodes.ts';
import { untilReady } from '../survey.ts';

/** Where the kubelet of this host answers while it works. */
export const KUBELET = 'http://127.0.0.1:10248/healthz';

/** The kubelet that runs has a version. Its containers keep running while it restarts. */
export const running = (version: string, seconds: number): Resource<string> => ({
  kind: 'kubernetes',
  name: 'kubelet',
  probe: {
    // the program that runs, which may have been replaced on the disk
    script: sh`pid=$(systemctl show --property=MainPID --value kubelet)
bash -c 'exec -a kubelet "/proc/$0/exe" --version' "$pid" 2>/dev/null || :`,
    read: ({ stdout }) => /v([\d.]+)/.exec(stdout)?.[1] ?? '',
  },
  plan: (now) =>
    now === version
      ? []
      : [
          {
            summary: `restart it${now ? `, because ${now} runs` : ''}`,
            script: sh`systemctl daemon-reload
systemctl restart kubelet
${untilAnswers('the kubelet', KUBELET, seconds)}`,
          },
        ],
  timeout: seconds + 120,
  hint: 'on that host: journalctl --unit kubelet --lines 50',
});

/** Waits until a program answers a health check on this host. */
export const untilAnswers = (name: string, url: string, seconds: number) =>
  sh`end=$(($(date +%s) + ${seconds}))
until ${asks(url)}; do
if [ "$(date +%s)" -gt "$end" ]; then echo ${`${name} does not answer at ${url}`} >&2; exit 1; fi
sleep 1
done`;

/** A certificate proves nothing about this host itself. */
export const asks = (url: string) =>
  sh`curl --fail --silent --insecure --max-time 2 --output /dev/null ${url}`;

/** The API server knows that a node is ready, and that its kubelet has a version. Otherwise it waits. */
export const readyAt = (host: string, version: string, seconds: number): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: `node ${host}`,
  probe: nodesProbe,
  plan: (nodes) => {
    const node = nodes.find(({ name }) => name === host);
    if (node?.ready && node.version === version) return [];
    const script = sh`${untilReady}
if ! ${kubectl} wait ${`--for=jsonpath={.status.nodeInfo.kubeletVersion}=v${version}`} --timeout=${`${seconds}s`} ${`node/${host}`} >/dev/null ||
! ${kubectl} wait --for=condition=Ready --timeout=${`${seconds}s`} ${`node/${host}`} >/dev/null; then
${kubectl} get nodes --output=wide >&2 || :
exit 1
fi`;
    return [{ summary: `wait until it is ready with ${version}`, script }];
  },
  timeout: 2 * seconds + 120,
});
