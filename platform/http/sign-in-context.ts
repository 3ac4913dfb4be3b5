/** What the routes share by which people come in. */
import type { OpenId } from '../access/openid.ts';
import type { PasswordDoor } from '../access/password-sign-in.ts';
import type { Mailer } from '../mail/mailer.ts';
import type { Platform } from '../platform.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface SignInMeans {
  /** Where browsers reach this; undefined where nobody said so. */
  publicUrl: string | undefined;
  mailer: Mailer | undefined;
  openId: OpenId | undefined;
}

export interface SignInContext extends SignInMeans {
  platform: Platform;
  door: PasswordDoor;
  cookie: SessionCookie;
  /** Browsers reach this over https. */
  isSecure: boolean;
}
