/** @hapi/crumb 9 comes without types; these are the options that TheAPP gives. */
declare module '@hapi/crumb' {
  import type { Plugin, ServerStateCookieOptions } from '@hapi/hapi';

  export const plugin: Plugin<{
    key?: string;
    autoGenerate?: boolean;
    addToViewContext?: boolean;
    cookieOptions?: ServerStateCookieOptions;
  }>;
}
