import { inputError } from '../errors.ts';
import type { Provider } from './provider.ts';

/**
 * The provider a person named; without one, an inventory means `static`, machines that Vagrant has up mean
 * `vagrant`, and all else is the lab.
 */
export async function choose(
  { provider, inventory }: { provider?: Provider['name']; inventory?: string },
  approach: string,
): Promise<Provider> {
  if (inventory !== undefined) {
    if (provider !== undefined && provider !== 'static') {
      throw inputError({ place: `--provider ${provider}`, what: 'an inventory goes with --provider static' });
    }
    return (await import('./static.ts')).staticProvider(inventory);
  }
  if (provider === 'static') {
    throw inputError({
      place: '--provider static',
      what: 'needs --inventory FILE',
      todo: 'docs/inventory.md shows one',
    });
  }
  const { vagrant } = await import('./vagrant.ts');
  if (provider === 'vagrant' || (provider === undefined && (await vagrant.running(approach)))) return vagrant;
  return (await import('./qemu.ts')).qemu;
}
