import { missing } from '../provision/computer/programs.ts';
import { forImage, forMachines } from '../provision/machines/qemu/programs.ts';

/** Why the tests on virtual machines cannot run here, for their `skip`. Root installs what is missing. */
export function qemuMissing(): string | false {
  if (process.getuid?.() === 0) return false;
  const [first] = missing([
    ...forMachines({ kind: 'debian', modern: true }, undefined),
    ...forImage('debian', false),
  ]);
  return first === undefined ? false : `needs ${first.name}: apt-get install ${first.package}`;
}
