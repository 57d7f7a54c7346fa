import type { Extra } from '../input/extraVars.ts';
import { addresses, type Pull } from '../machines/provider.ts';

/** The roles that download images or packages from addresses which `-e` does not set. */
export function pulledBy(
  applied: readonly { readonly calls: readonly { readonly role: string }[] }[],
  extras: readonly Pick<Extra, 'role' | 'key'>[],
): Pull[] {
  const roles = new Set(applied.flatMap(({ calls }) => calls.map(({ role }) => role)));
  // `-e key=value` without a role is for every role that has the variable
  const isSet = (name: Pull) =>
    extras.some(({ role = name, key }) => role === name && key === addresses[name]);
  return (Object.keys(addresses) as Pull[]).filter((name) => roles.has(name) && !isSet(name));
}
