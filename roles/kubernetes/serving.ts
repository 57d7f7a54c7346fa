import { type Batch, batched, kubectl, type Resource } from '../../provision/authoring.ts';
import { lines, sh } from '../../provision/index.ts';
import type { Member } from './vars.ts';

/** A request for a serving certificate that nobody has decided yet. */
export interface Request {
  readonly name: string;
  readonly user: string;
  /** The names and addresses that the certificate would prove: `DNS:worker1`, `IP Address:10.0.0.1`. */
  readonly subjects: readonly string[];
}

export interface Serving {
  /** The nodes whose kubelet has a certificate of the cluster: the API server verifies it. */
  readonly answering: readonly string[];
  readonly requests: readonly Request[];
}

const TEMPLATE =
  '{{range .items}}{{if and (eq .spec.signerName "kubernetes.io/kubelet-serving") (not .status.conditions)}}{{.metadata.name}} {{.spec.username}} {{.spec.request}}{{"\\n"}}{{end}}{{end}}';

const PENDING = sh`${kubectl} get certificatesigningrequests --output=${`go-template=${TEMPLATE}`}`;

/** Asks every kubelet through the API server, at the same time; then prints the open requests. */
const serving: Batch<readonly string[], Serving> = {
  name: 'kubernetes.serving',
  script: (args) => sh`${lines([...new Set(args.flat())].map(asked))}
${PENDING} 2>/dev/null | while read -r name user request; do
subjects=$(printf %s "$request" | base64 -d | openssl req -noout -text | grep -A 1 'Subject Alternative Name' | tail -n 1 | sed 's/^ *//')
printf 'request %s %s %s\n' "$name" "$user" "$subjects"
done
wait`,
  read: ({ stdout }, args) => {
    const state: Serving = {
      answering: [...stdout.matchAll(/^answers (\S+)$/gm)].map(([, name]) => name ?? ''),
      requests: [...stdout.matchAll(/^request (\S+) (\S+) (.*)$/gm)].map(([, name, user, subjects]) => ({
        name: name ?? '',
        user: user ?? '',
        subjects: (subjects ?? '').split(', ').filter(Boolean),
      })),
    };
    return args.map(() => state);
  },
};

const answers = (host: string) =>
  sh`${kubectl} get --request-timeout=5s --raw=${`/api/v1/nodes/${host}/proxy/healthz`} >/dev/null 2>&1`;
const asked = (host: string) => sh`{ if ${answers(host)}; then echo ${`answers ${host}`}; fi; } &`;

/** A kubelet may only prove that it is its own node. */
export const isOwn = ({ user, subjects }: Request, { host, address }: Member): boolean =>
  user === `system:node:${host}` &&
  subjects.length > 0 &&
  subjects.every((one) => one === `DNS:${host}` || one === `IP Address:${address}`);

/**
 * The kubelet of each member has a serving certificate of the cluster, so that the API server and metrics-server can
 * verify it. A kubelet requests it when it starts, and again before it expires; this waits for the first request,
 * approves what the node may have, and waits until it is used.
 */
export const certificates = (members: readonly Member[], seconds: number): Resource<Serving>[] => {
  const waiting = ({ answering }: Serving) => members.filter(({ host }) => !answering.includes(host));
  const requestOf = (member: Member, { requests }: Serving) => requests.filter((one) => isOwn(one, member));
  const name = 'serving certificates';
  const timeout = seconds + 60;
  const resource = (words: string, plan: Resource<Serving>['plan']): Resource<Serving> => ({
    kind: 'kubernetes',
    name: `${name}: ${words}`,
    probe: batched(
      serving,
      members.map(({ host }) => host),
    ),
    plan,
    timeout,
  });
  return [
    resource('requests', (state) => {
      const open = waiting(state).filter((member) => requestOf(member, state).length === 0);
      if (open.length === 0) return [];
      return [{ summary: `wait for ${namesOf(open)}`, script: requested(open, seconds) }];
    }),
    resource('approved', (state) =>
      members.flatMap((member) =>
        requestOf(member, state).map((request) => ({
          summary: `approve that of ${member.host}`,
          script: sh`${kubectl} certificate approve ${request.name} >/dev/null`,
        })),
      ),
    ),
    resource('used', (state) => {
      const open = waiting(state);
      return open.length === 0 ? [] : [{ summary: `wait for ${namesOf(open)}`, script: used(open, seconds) }];
    }),
  ];
};

const namesOf = (members: readonly Member[]) => members.map(({ host }) => host).join(', ');

/** Waits until each of these nodes has requested a certificate, or has one. */
const requested = (members: readonly Member[], seconds: number) =>
  untilAll(
    members,
    seconds,
    (host) => sh`${PENDING} | grep -q ${` system:node:${host} `} || ${answers(host)}`,
    'the kubelets of these nodes request no serving certificate: ',
  );

const used = (members: readonly Member[], seconds: number) =>
  untilAll(members, seconds, answers, 'the API server cannot verify the kubelets of these nodes: ');

function untilAll(
  members: readonly Member[],
  seconds: number,
  done: (host: string) => ReturnType<typeof sh>,
  otherwise: string,
) {
  return sh`end=$(($(date +%s) + ${seconds}))
${lines(
  members.map(
    ({ host }) => sh`until ${done(host)}; do
if [ "$(date +%s)" -gt "$end" ]; then
echo ${`${otherwise}${host}`} >&2
${kubectl} get certificatesigningrequests >&2
exit 1
fi
sleep 1
done`,
  ),
)}`;
}
