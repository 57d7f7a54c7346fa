import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ROOT } from '../../provision/cli/approaches.ts';
import { privateFolder, writeWhole } from '../../provision/computer/files.ts';
import { inputError, sh } from '../../provision/index.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { wholeOption } from '../command/options.ts';
import { kubernetesOf } from './approach.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { issue } from './kubeconfig/certificate.ts';
import { kubeconfigOf } from './kubeconfig/config.ts';
import { credentialsIn, expiryOf } from './kubeconfig/credentials.ts';
import { routeTo } from './kubeconfig/route.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where {
  readonly admin: boolean;
  readonly user: string;
  readonly hours: number;
  readonly output?: string;
}

const program = withWhere(
  newCommand('kubeconfig')
    .description(
      'Issues a certificate for you, and writes a kubeconfig with which kubectl and helm reach the cluster from this computer.',
    )
    .argument('<approach>', 'an approach with a Kubernetes cluster, such as approach_4', kubernetesOf)
    .option('--admin', 'allow everything; by default, only reading is allowed, and not of Secrets', false)
    .addOption(wholeOption('--hours <count>', 'how long it is valid, in hours', { most: 8760, fallback: 24 }))
    .option('--user <name>', 'your name, which the audit log shows', userNamed, userInfo().username)
    .option(
      '-o, --output <file>',
      'where to write it, or - for stdout; by default .secrets/APPROACH.kubeconfig',
    ),
).action(async (approach: string, options: Options) => {
  const { admin, user, hours, output, ...where } = options;
  const hosts = await hostsOf(approach, where);
  const controlPlanes = hosts.filter(({ groups }) => groups.includes('control-plane'));
  const sessions = newSessions();
  try {
    const request = { user: userNamed(user), access: admin ? 'admin' : 'view', hours } as const;
    const credentials = credentialsIn(await issue(controlPlanes, request, sessions));
    const { server, tunnel } = await routeTo(controlPlanes, credentials);
    const content = kubeconfigOf(credentials, { approach, user, server });
    const file = save(approach, output, content);
    const until = expiryOf(credentials)
      .toISOString()
      .replace(/:\d\d\..*/, ' UTC')
      .replace('T', ' ');
    const what = admin ? 'may do everything' : 'may read, but not Secrets';
    process.stderr.write(`${user} ${what} in ${approach}, until ${until}\n`);
    if (tunnel)
      process.stderr.write(`This computer cannot reach the API directly. Keep this running:\n  ${tunnel}\n`);
    if (file) process.stderr.write(`Then:\n  ${sh`export KUBECONFIG=${file}`.text}\n  kubectl get nodes\n`);
  } finally {
    await sessions.close();
  }
});

/** Only the owner can read the file. Returns its name; nothing if it went to stdout. */
function save(approach: string, output: string | undefined, content: string): string | undefined {
  if (output === '-') {
    process.stdout.write(content);
    return undefined;
  }
  const file =
    output === undefined
      ? join(privateFolder(join(ROOT, '.secrets')), `${approach}.kubeconfig`)
      : resolve(output);
  writeWhole(file, content);
  return file;
}

/** @throws ProvisionError (input) for what kubeadm or RBAC could misunderstand, such as `system:masters` */
function userNamed(name: string): string {
  if (/^[A-Za-z0-9][\w.@-]{0,62}$/.test(name)) return name;
  throw inputError({
    place: '--user',
    what: `expected up to 63 letters, digits and "._@-", found "${name}"`,
    todo: '--user jo',
  });
}

await runCommand(program);
