import type { PasskeyDevice } from './passkeys.ts';

const computer = (name: string): PasskeyDevice => ({ name, picture: 'computer' });
const manager = (name: string): PasskeyDevice => ({ name, picture: 'password-manager' });
const phone = (name: string): PasskeyDevice => ({ name, picture: 'phone' });
const securityKey = (name: string): PasskeyDevice => ({ name, picture: 'security-key' });

/** What most people have, by AAGUID: public facts that the makers give out. Only for names and pictures. */
const DEVICES: Readonly<Record<string, PasskeyDevice>> = {
  'fbfc3007-154e-4ecc-8c0b-6e020557d7bd': phone('iCloud Keychain'),
  'dd4ec289-e01d-41c9-bb89-70fa845d4bf2': phone('iCloud Keychain (managed)'),
  'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4': phone('Google Password Manager'),
  '53414d53-554e-4700-0000-000000000000': phone('Samsung Pass'),
  '08987058-cadc-4b81-b6e1-30de50dcbe96': computer('Windows Hello'),
  '9ddd1817-af5a-4672-a2b9-3e3dd95000a9': computer('Windows Hello'),
  '6028b017-b1d4-4c02-b4b3-afcdafc96bb2': computer('Windows Hello'),
  'adce0002-35bc-c60a-648b-0b25f1f05503': computer('Chrome on Mac'),
  '771b48fd-d3d4-4f74-9232-fc157ab0507a': computer('Edge on Mac'),
  'b5397666-4885-aa6b-cebf-e52262a439a2': computer('Chromium'),
  'bada5566-a7aa-401f-bd96-45619a55120d': manager('1Password'),
  'd548826e-79b4-db40-a3d8-11116f7e8349': manager('Bitwarden'),
  '531126d6-e717-415c-9320-3d9aa6981239': manager('Dashlane'),
  'b84e4048-15dc-4dd0-8640-f4f60813c8af': manager('NordPass'),
  '0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6': manager('Keeper'),
  'f3809540-7f14-49c1-a8b3-8f813b225541': manager('Enpass'),
  'fdb141b2-5d84-443e-8a35-4698c205a502': manager('KeePassXC'),
  '50726f74-6f6e-5061-7373-50726f746f6e': manager('Proton Pass'),
  'b78a0a55-6ef8-d246-a042-ba0f6d55050c': manager('LastPass'),
  '39a5647e-1853-446c-a1f6-a79bae9f5bc7': phone('IDmelon'),
  'cb69481e-8ff7-4039-93ec-0a2729a154a8': securityKey('YubiKey 5'),
  'ee882879-721c-4913-9775-3dfcce97072a': securityKey('YubiKey 5'),
  'fa2b99dc-9e39-4257-8f92-4a30d23c4118': securityKey('YubiKey 5'),
  '2fc0579f-8113-47ea-b116-bb5a8db9202a': securityKey('YubiKey 5'),
  'c5ef55ff-ad9a-4b9f-b580-adebafe026d0': securityKey('YubiKey 5Ci'),
  '73bb0cd4-e502-49b8-9c6f-b59445bf720b': securityKey('YubiKey 5 FIPS'),
  '149a2021-8ef6-4133-96b8-81f8d5b7f1f5': securityKey('Security Key by Yubico'),
  'b92c3f9a-c014-4056-887f-140a2501163b': securityKey('Security Key by Yubico'),
  '6d44ba9b-f6ec-2e49-b930-0c8fe920cb73': securityKey('Security Key by Yubico'),
};

/** What made a passkey, by what it says of itself (which nothing vouches for). */
export function deviceOfAaguid(aaguid: string): PasskeyDevice | undefined {
  return DEVICES[aaguid.toLowerCase()];
}
