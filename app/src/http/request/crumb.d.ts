/** @hapi/crumb 9 has no types; these are the options that TheAPP uses. */
declare module '@hapi/crumb' {
  import type { Plugin, ServerStateCookieOptions } from '@hapi/hapi';

  export const plugin: Plugin<{
    key?: string;
    autoGenerate?: boolean;
    addToViewContext?: boolean;
    cookieOptions?: ServerStateCookieOptions;
  }>;
}
