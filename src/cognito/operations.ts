import { adminAuthOperations } from './admin-auth.ts';
import { adminGroupOperations } from './admin-groups.ts';
import { adminUserOperations } from './admin-users.ts';
import { domainOperations } from './domain-operations.ts';
import { initiateAuth } from './initiate-auth.ts';
import { listUsers } from './list-users.ts';
import type { Operations } from './operation.ts';
import {
  deleteUser,
  deleteUserAttributes,
  getUserAttributeVerificationCode,
  updateUserAttributes,
  verifyUserAttribute,
} from './own-attributes.ts';
import { getUser, globalSignOut, revokeToken } from './own-sign-in.ts';
import { changePassword, confirmForgotPassword, forgotPassword } from './passwords.ts';
import { adminSetUserMfaPreference, setUserMfaPreference } from './mfa-preference.ts';
import { poolAdministration } from './pool-administration.ts';
import { poolMfaOperations } from './pool-mfa.ts';
import { poolViewOperations } from './pool-views.ts';
import { getTokensFromRefreshToken } from './refresh-auth.ts';
import { resourceServerOperations } from './resource-server-operations.ts';
import { respondToAuthChallenge } from './respond-to-auth-challenge.ts';
import type { Room } from './room.ts';
import { confirmSignUp, resendConfirmationCode, signUp } from './sign-up.ts';
import { associateSoftwareToken, verifySoftwareToken } from './software-token.ts';
import { tagOperations } from './tag-operations.ts';

/** What the API can do, by the names of Cognito. */
export function createOperations(room: Room): Operations {
  return {
    ...adminAuthOperations(room),
    ...adminGroupOperations(room),
    ...adminUserOperations(room),
    ...domainOperations(room),
    ...poolAdministration(room),
    ...poolMfaOperations(room),
    ...poolViewOperations(room),
    ...resourceServerOperations(room),
    ...tagOperations(room),
    ListUsers: listUsers(room),
    InitiateAuth: initiateAuth(room),
    RespondToAuthChallenge: respondToAuthChallenge(room),
    GetTokensFromRefreshToken: getTokensFromRefreshToken(room),
    GetUser: getUser(room),
    GlobalSignOut: globalSignOut(room),
    RevokeToken: revokeToken(room),
    SignUp: signUp(room),
    ConfirmSignUp: confirmSignUp(room),
    ResendConfirmationCode: resendConfirmationCode(room),
    ForgotPassword: forgotPassword(room),
    ConfirmForgotPassword: confirmForgotPassword(room),
    ChangePassword: changePassword(room),
    UpdateUserAttributes: updateUserAttributes(room),
    DeleteUserAttributes: deleteUserAttributes(room),
    GetUserAttributeVerificationCode: getUserAttributeVerificationCode(room),
    VerifyUserAttribute: verifyUserAttribute(room),
    DeleteUser: deleteUser(room),
    AssociateSoftwareToken: associateSoftwareToken(room),
    VerifySoftwareToken: verifySoftwareToken(room),
    SetUserMFAPreference: setUserMfaPreference(room),
    AdminSetUserMFAPreference: adminSetUserMfaPreference(room),
  };
}
