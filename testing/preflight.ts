import t from 'tap';
import { explain, type Facts, type Host } from '../provision/index.ts';
import { debian } from '../provision/testing.ts';
import { preflight } from '../roles/kubernetes/preflight/preflight.ts';

/** A machine as the probe prints it, with nothing wrong. */
const printed = `node=
machine-id=1b4e28ba2fa1411d883f0016d3cca427
product_uuid=4C4C4544-0042-3510-8052-B4C04F334D31
card=52:54:00:12:34:56
modules=yes
available=3145728
listener=LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=500,fd=3))
listener=LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=400,fd=14))
route=default via 10.0.2.2 dev eth0
route=10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15
clock=1000`;

export const facts: Facts = { ...debian, memory: 3900, kernel: '6.12.0-1-amd64' };
export const container = { kernelSettings: 'network' } as const;

export interface Machine {
  readonly facts?: Partial<Facts>;
  /** Lines that the probe prints in addition, or instead of those with the same key if that can occur once. */
  readonly lines?: readonly string[];
  readonly host?: Partial<Host>;
}

/** A control plane and two workers, each with its own identity; some are changed. */
export function machines(changed: Readonly<Record<string, Machine>>) {
  return ['control-plane', 'worker1', 'worker2'].map((name, i) => {
    const { lines = [], ...more } = changed[name] ?? {};
    const own = [`machine-id=${name}`, `product_uuid=${name}`, `card=52:54:00:12:34:0${i}`, ...lines];
    return {
      host: { name, address: '', groups: [], forwarded: {}, vars: {}, ...more.host },
      facts: { ...facts, hostname: name, addresses: [`10.0.2.${15 + i}`], ...more.facts },
      printed: merged([...printed.split('\n'), ...own]),
    };
  });
}

/** Of the lines with a key that occurs once, the last one counts. */
function merged(lines: readonly string[]): string {
  const several = /^(listener|route|lacks|unit)=/;
  const keyOf = (line: string) => line.replace(/=.*/, '');
  return lines
    .filter(
      (line, i) => several.test(line) || !lines.slice(i + 1).some((later) => keyOf(later) === keyOf(line)),
    )
    .join('\n');
}

/** What a run reports before it changes anything: errors as a user sees them, and warnings. */
export async function reported(changed: Readonly<Record<string, Machine>>, given = {}) {
  const all = machines(changed);
  const find = ({ name }: Host) => all.find(({ host }) => host.name === name) as (typeof all)[0];
  const warnings: string[] = [];
  const hosts = all.map(({ host }) => host);
  const work: Parameters<typeof preflight>[0] = {
    remaining: (of) => of,
    facts: async (host) => find(host).facts,
    // the clock of a machine is right unless the test has set it
    read: async (host) =>
      find(host).printed.replace(/^clock=1000$/m, `clock=${Math.round(Date.now() / 1000)}`),
    variables: (_, call) => call.resolve([{ values: given, where: () => 'test' }]).vars,
    warn: (message) => void warnings.push(message),
  };
  const [home] = hosts as [Host];
  const options = { all: hosts, controlPlanes: [home], ports: { 5000: 'registry' }, memory: 1368 };
  const errors = await preflight(work, options).then(
    () => '',
    (error) => explain(error),
  );
  return { errors, warnings };
}

/** One test a line: what is wrong, on which machines, and the errors that a user sees. */
export type Line = readonly [what: string, changed: Readonly<Record<string, Machine>>, errors: RegExp];

/** Tests each line of a table. */
export function testEach(table: readonly Line[]): void {
  for (const [name, changed, expected] of table)
    t.test(name, async (t) => {
      const { errors, warnings } = await reported(changed);
      t.match(errors, expected);
      t.strictSame(warnings, []);
    });
}

/** A socket in the output of the probe, of a process and its child. */
export const listens = (port: number, name: string, id: number) =>
  `listener=LISTEN 0 4096 *:${port} *:* users:(("${name}",pid=${id},fd=3),("${name}",pid=${id + 1},fd=3))`;
