import type { Monitor } from './monitor.ts';

/** Forwarded ports, from QEMU's `info usernet`: port of the machine → port on the loopback interface. */
export async function forwardedPorts(monitor: Monitor): Promise<Record<number, number>> {
  return parseUsernet(await monitor.human('info usernet'));
}

export function parseUsernet(table: string): Record<number, number> {
  const rows = table.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)/g);
  return Object.fromEntries([...rows].map(([, here, guest]) => [Number(guest), Number(here)]));
}
