import type { State } from './stage';
import { application } from './states/application';
import { applications } from './states/applications';
import { auditLog } from './states/audit-log';
import { consents } from './states/consents';
import { everywhere } from './states/everywhere';
import { permissions } from './states/permissions';
import { profile } from './states/profile';
import { secrets } from './states/secrets';
import { settings } from './states/settings';
import { signingIn } from './states/signing-in';
import { users } from './states/users';
import { wizard } from './states/wizard';

/** Every page in every state. The names of applications that states make differ, because they share a server. */
export const states: State[] = [
  ...signingIn,
  ...applications,
  ...application,
  ...secrets,
  ...wizard,
  ...permissions,
  ...settings,
  ...auditLog,
  ...profile,
  ...consents,
  ...users,
  ...everywhere,
];
