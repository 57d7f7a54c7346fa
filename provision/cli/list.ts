import type { Decision } from './decide.ts';

/** `--list`: hosts, roles and their order, on stdout. */
export function list({ name, provider, applied }: Decision, json: boolean): void {
  const roles = applied.flatMap(({ hosts, calls }) =>
    calls.map(({ role }) => ({ role, hosts: hosts.map((host) => host.name) })),
  );
  if (json) {
    const event = { event: 'list', approach: name, provider: provider.name, roles };
    process.stdout.write(`${JSON.stringify(event)}\n`);
    return;
  }
  process.stdout.write(`${name} (${provider.name})\n`);
  for (const { role, hosts } of roles) process.stdout.write(`  ${role.padEnd(14)} ${hosts.join(', ')}\n`);
}
