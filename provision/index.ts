/** The words that a role or an approach imports. */
export { type Artefact, approach, type Context, type Expected } from './approach.ts';
export { failure, inputError } from './errors.ts';
export type { Facts } from './facts.ts';
export type { Host } from './machines/provider.ts';
export {
  type Batch,
  batched,
  type Change,
  type Handler,
  handler,
  type Probe,
  type Resource,
  type Seen,
} from './resource.ts';
export { absent } from './resources/absent.ts';
export { apt } from './resources/apt.ts';
export { archive } from './resources/archive.ts';
export { artefact, uploading } from './resources/artefact.ts';
export { command } from './resources/command.ts';
export { cron } from './resources/cron.ts';
export { directory } from './resources/directory.ts';
export { file } from './resources/file.ts';
export { group } from './resources/group.ts';
export { line } from './resources/line.ts';
export { mysql } from './resources/mysql.ts';
export { service } from './resources/service.ts';
export { symlink } from './resources/symlink.ts';
export { sysctl } from './resources/sysctl.ts';
export { systemd } from './resources/systemd.ts';
export { timezone } from './resources/timezone.ts';
export { user } from './resources/user.ts';
export { role } from './role.ts';
export { isSecret, reveal, type Secret, secret } from './shell/secret.ts';
export { type Script, sh } from './shell/sh.ts';
export type { Text } from './template.ts';
export { secretVariable } from './variables.ts';
