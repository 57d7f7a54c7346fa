/** One task of the workload. `from` is a local file, without its extension. */
export type Task =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly from: string }
  | { readonly kind: 'template'; readonly path: string; readonly from: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'user'; readonly name: string; readonly group: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'line'; readonly path: string; readonly line: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  | { readonly kind: 'touch'; readonly path: string };

/** The variables of the templates. */
export const variables = { app_name: 'theapp', app_port: 8080 } as const;

const ROOT = '/srv/bench';
const count = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const installed = ['openssh-server', 'sudo', 'python3', 'cron', 'nginx-light', 'curl'];

/** The workload: 60 tasks in their order, all modes 0644 and 0755, all packages already installed. */
export const tasks: readonly Task[] = [
  ...count(8, (i): Task => ({ kind: 'directory', path: `${ROOT}/d${i}` })),
  ...count(12, (i): Task => ({ kind: 'file', path: `${ROOT}/d0/f${i}.conf`, from: `f${i}` })),
  ...count(10, (i): Task => ({ kind: 'template', path: `${ROOT}/d1/t${i}.conf`, from: `t${i}` })),
  ...count(4, (i): Task => ({ kind: 'group', name: `bg${i}` })),
  ...count(4, (i): Task => ({ kind: 'user', name: `bu${i}`, group: `bg${i}` })),
  ...installed.map((name): Task => ({ kind: 'package', name })),
  ...count(6, (i): Task => ({ kind: 'line', path: `${ROOT}/lines.conf`, line: `option${i} = ${i}` })),
  ...count(4, (i): Task => ({ kind: 'link', path: `${ROOT}/l${i}`, target: `${ROOT}/d${i}` })),
  ...count(
    4,
    (i): Task => ({
      kind: 'text',
      path: `/etc/cron.d/bench${i}`,
      text: `# job ${i}\n0 ${i} * * * root true\n`,
    }),
  ),
  ...count(2, (i): Task => ({ kind: 'touch', path: `${ROOT}/cmd${i}` })),
];

/** The tasks of one kind, in their order. */
export const ofKind = <K extends Task['kind']>(kind: K) =>
  tasks.filter((task): task is Extract<Task, { kind: K }> => task.kind === kind);
