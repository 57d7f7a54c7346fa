import type { Status } from '../../provision/machines/lab/status.ts';

/** A machine in one line. */
export function lineOf(machine: Status): string {
  const { name, state, image, ssh, ports, privateAddress, snapshots } = machine;
  const forwarded = Object.entries(ports).map(([guest, here]) => `127.0.0.1:${here} → ${guest}`);
  return [
    `${name}: ${state}`,
    `${image}, ${kindOf(machine)}`,
    ...(ssh ? [`ssh 127.0.0.1:${ssh}`] : []),
    ...forwarded,
    ...(privateAddress ? [privateAddress] : []),
    ...(snapshots.length > 0 ? [`snapshots: ${snapshots.join(', ')}`] : []),
  ].join('   ');
}

function kindOf({ provider, accelerator, container }: Status): string {
  if (provider === 'docker') return `container ${container}`;
  return accelerator === 'kvm' ? 'KVM' : 'software emulation';
}
