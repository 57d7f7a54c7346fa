/** The public API for roles, approaches and the programs around them. */
export {
  didYouMean,
  exitCodes,
  explain,
  failure,
  inputError,
  ProvisionError,
  unreachable,
} from './errors.ts';
export type { Host } from './host.ts';
export { secretVariable } from './input/variables.ts';
export {
  type Approach,
  approach,
  type Context,
  type Expected,
  type Verification,
} from './language/approach.ts';
export type { Artefact } from './language/artefact.ts';
export type { Facts } from './language/facts.ts';
export { type Handler, handler } from './language/resource.ts';
export { type RoleCall, role } from './language/role.ts';
export type { Text } from './language/template.ts';
export { loadMachines, type Machine } from './machines/machines.ts';
export type { Event } from './report/events.ts';
export { absent } from './resources/absent.ts';
export { apt } from './resources/apt.ts';
export { archive } from './resources/archive.ts';
export { artefact } from './resources/artefact.ts';
export { buildah } from './resources/buildah.ts';
export { command } from './resources/command.ts';
export { cron } from './resources/cron.ts';
export { directory } from './resources/directory.ts';
export type { StackDocument, StackService } from './resources/docker/stack/document.ts';
export type { Versioned } from './resources/docker/stack/versions.ts';
export { docker } from './resources/docker.ts';
export { file } from './resources/file.ts';
export { group } from './resources/group.ts';
export { helm } from './resources/helm.ts';
export { kubernetes } from './resources/kubernetes.ts';
export { line } from './resources/line.ts';
export { mysql } from './resources/mysql.ts';
export { service } from './resources/service.ts';
export { symlink } from './resources/symlink.ts';
export { sysctl } from './resources/sysctl.ts';
export { systemd } from './resources/systemd.ts';
export { timezone } from './resources/timezone.ts';
export { user } from './resources/user.ts';
export { urlOf } from './run/verify.ts';
export { keyedHash } from './secrets/checksum.ts';
export { isSecret, redact, reveal, type Secret, secret } from './shell/secret.ts';
export { lines, type Script, sh } from './shell/sh.ts';
